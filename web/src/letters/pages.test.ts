import { describe, expect, it } from "vitest";
import type { Letter } from "./letter";
import { catchUp, dropLetter, eachLetter, markRead, putLetter, type LetterPages } from "./pages";
import { letterAt } from "./testLetters";

const pagesOf = (...pages: Letter[][]): LetterPages => ({
  pages: pages.map((items, i) => ({ items, next_cursor: i < pages.length - 1 ? `c${i}` : null })),
  pageParams: pages.map((_, i) => (i === 0 ? null : `c${i - 1}`)),
});
const ids = (pages: LetterPages) => [...eachLetter(pages)].map((l) => l.id.slice(-2));

describe("putLetter", () => {
  it("puts a new letter first, and one that comes late in its place", () => {
    const pages = pagesOf([letterAt(5), letterAt(3)], [letterAt(1)]);
    expect(ids(putLetter(pages, letterAt(6)))).toEqual(["06", "05", "03", "01"]);
    expect(ids(putLetter(pages, letterAt(4)))).toEqual(["05", "04", "03", "01"]);
  });
  it("replaces a letter that is known, on whatever page", () => {
    const read = letterAt(1, { read_at: "2026-11-24T11:00:00.000Z" });
    const after = putLetter(pagesOf([letterAt(5)], [letterAt(1)]), read);
    expect(ids(after)).toEqual(["05", "01"]);
    expect([...eachLetter(after)][1]?.read_at).toBe(read.read_at);
  });
  it("starts an empty list", () => {
    expect(ids(putLetter(pagesOf([]), letterAt(1)))).toEqual(["01"]);
  });
});

it("markRead keeps the first time", () => {
  const once = markRead(pagesOf([letterAt(1)]), "letter-01", "first");
  expect([...eachLetter(markRead(once, "letter-01", "second"))][0]?.read_at).toBe("first");
});

it("dropLetter takes a letter out of whatever page", () => {
  expect(ids(dropLetter(pagesOf([letterAt(5)], [letterAt(1)]), "letter-01"))).toEqual(["05"]);
});

describe("catchUp", () => {
  it("joins the newest page to what is known", () => {
    const newest = { items: [letterAt(9), letterAt(8), letterAt(5)], next_cursor: "more" };
    const after = catchUp(pagesOf([letterAt(5), letterAt(3)], [letterAt(1)]), newest);
    expect(ids(after)).toEqual(["09", "08", "05", "03", "01"]);
  });
  it("starts anew when a gap lies between them", () => {
    const newest = { items: [letterAt(9), letterAt(8)], next_cursor: "more" };
    const after = catchUp(pagesOf([letterAt(5)]), newest);
    expect(ids(after)).toEqual(["09", "08"]);
    expect(after.pageParams).toEqual([null]);
  });
});
