/** Characters that do not show, or turn the writing round to make "exe" look like "txt". */
const INVISIBLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A file's name as it is shown: what does not show is made visible. */
export function displayName(name: string): string {
  return name.replace(INVISIBLE, "\u2423");
}
