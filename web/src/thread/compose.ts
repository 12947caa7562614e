import type { Person } from "../letters/letter";
import { newKey } from "../transfers/key";
import type { Draft } from "../transfers/machine";

export interface Options {
  keepsCopy: boolean;
  expiresInSeconds: number | null;
}

export const usualOptions: Options = { keepsCopy: true, expiresInSeconds: null };

interface Composed {
  draft: Draft;
  file: File | null;
}

/** One letter for each file, the text in the first; or one letter of text alone. */
export function makeDrafts(
  to: Person,
  text: string,
  files: readonly File[],
  options: Options,
): Composed[] {
  const make = (own: string, file: File | null): Composed => ({
    file,
    draft: {
      id: newKey(),
      to,
      text: own,
      fileName: file === null ? null : file.name,
      fileSize: file?.size ?? 0,
      ...options,
    },
  });
  const written = text.trim() === "" ? "" : text.trimEnd();
  const [first, ...rest] = files;
  if (first === undefined) return [make(written, null)];
  return [make(written, first), ...rest.map((file) => make("", file))];
}
