/** How hard a password is to guess, roughly: what the server refuses is for the server to say. */
export type Strength = "weak" | "fair" | "good" | "strong";

export interface PasswordChecks {
  isLongEnough: boolean;
  isUnlikeNames: boolean;
  strength: Strength;
  /** 0 to 4, for a meter. */
  score: number;
}

const CLASSES: readonly [RegExp, number][] = [
  [/\p{Ll}/u, 26],
  [/\p{Lu}/u, 26],
  [/\p{Nd}/u, 10],
  [/[^\p{L}\p{Nd}]/u, 20],
];
const LEVELS: readonly [number, Strength][] = [
  [80, "strong"],
  [60, "good"],
  [42, "fair"],
];

export function checkPassword(
  password: string,
  names: readonly string[],
  minLength: number,
): PasswordChecks {
  const isLongEnough = [...password].length >= minLength;
  const isUnlikeNames = password !== "" && !names.some((name) => isLike(password, name));
  const bits = isUnlikeNames ? guessBits(password) : 0;
  const strength = isLongEnough ? (LEVELS.find(([least]) => bits >= least)?.[1] ?? "weak") : "weak";
  const score = password === "" ? 0 : 1 + ["weak", "fair", "good", "strong"].indexOf(strength);
  return { isLongEnough, isUnlikeNames, strength, score };
}

function isLike(password: string, name: string): boolean {
  const bare = name.split("@")[0]?.toLowerCase() ?? "";
  return bare.length >= 3 && password.toLowerCase().includes(bare);
}

/** Bits of a random text of this alphabet; repeated and counted-up characters add almost nothing. */
function guessBits(password: string): number {
  const alphabet = CLASSES.reduce(
    (size, [test, count]) => size + (test.test(password) ? count : 0),
    0,
  );
  const characters = [...password].map((c) => c.codePointAt(0) ?? 0);
  const telling = characters.filter((c, i) => {
    const before = characters[i - 1];
    return before === undefined || Math.abs(c - before) > 1;
  });
  const variety = Math.min(1, new Set(characters).size / 8);
  return telling.length * Math.log2(Math.max(alphabet, 2)) * variety;
}
