/** Crockford's base32 reads these as digits. */
const LOOKALIKES: Record<string, string> = { O: "0", I: "1", L: "1" };

function normalise(text: string): string {
  return text
    .toUpperCase()
    .replace(/[\s-]/g, "")
    .replace(/[OIL]/g, (c) => LOOKALIKES[c] ?? c);
}

/** Whether `typed` is the last group of the key, or the whole key. */
export function isLastGroup(key: string, typed: string): boolean {
  const last = key.split("-").at(-1) ?? key;
  const entered = normalise(typed);
  return entered === normalise(last) || entered === normalise(key);
}
