import { describe, expect, it } from "vitest";
import { bob, letterAt } from "../letters/testLetters";
import { makeDrafts, usualOptions } from "./compose";
import { threadItems } from "./items";
import { splitLinks } from "./links";

describe("splitLinks", () => {
  it("finds web addresses without the punctuation after them", () => {
    expect(splitLinks("See (https://a.example/x?y=1), or http://b.example.")).toEqual([
      { text: "See (", href: null },
      { text: "https://a.example/x?y=1", href: "https://a.example/x?y=1" },
      { text: "), or ", href: null },
      { text: "http://b.example", href: "http://b.example/" },
      { text: ".", href: null },
    ]);
  });
  it("makes no link of anything that could run, and loses no character", () => {
    for (const text of [
      "javascript:alert(1)",
      "data:text/html,x",
      "https://",
      "😀 https:// x",
      "",
    ]) {
      const parts = splitLinks(text);
      expect(parts.every((part) => part.href === null)).toBe(true);
      expect(parts.map((part) => part.text).join("")).toBe(text);
    }
  });
});

describe("makeDrafts", () => {
  const file = (name: string) => new File(["abc"], name);
  it("sends one letter for each file, the text with the first", () => {
    const made = makeDrafts(bob, "hello \n", [file("a"), file("b")], usualOptions);
    expect(made.map((m) => [m.draft.text, m.draft.fileName, m.draft.fileSize])).toEqual([
      ["hello", "a", 3],
      ["", "b", 3],
    ]);
    expect(new Set(made.map((m) => m.draft.id)).size).toBe(2);
  });
  it("keeps leading spaces, which may be meant", () => {
    expect(makeDrafts(bob, "  x", [], usualOptions)[0]?.draft.text).toBe("  x");
  });
});

it("threadItems reads oldest first, with a line before each day", () => {
  const yesterday = letterAt(1, { id: "old", sent_at: "2026-11-20T12:00:00.000Z" });
  const items = threadItems([letterAt(9), letterAt(8), yesterday], []);
  expect(items.map((item) => item.kind)).toEqual(["day", "letter", "day", "letter", "letter"]);
  expect(items[1]?.key).toBe("old");
});
