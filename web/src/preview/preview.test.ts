import { describe, expect, it } from "vitest";
import { displayName } from "./fileName";
import { previewKind } from "./kind";

const file = (media_type: string, size = 10) => ({ name: "x", media_type, size });

describe("previewKind", () => {
  it("shows only what is inert in its element", () => {
    expect(previewKind(file("image/svg+xml"))).toBe("image");
    expect(previewKind(file("text/html; charset=utf-8"))).toBe("text");
    expect(previewKind(file("TEXT/PLAIN"))).toBe("text");
    expect(previewKind(file("application/x-msdownload"))).toBe("none");
    expect(previewKind(file(""))).toBe("none");
  });
  it("does not fetch a huge picture into memory, but streams a huge film", () => {
    expect(previewKind(file("image/png", 2 ** 31))).toBe("none");
    expect(previewKind(file("video/mp4", 2 ** 31))).toBe("video");
  });
  it("has nothing to show of an empty file", () => {
    expect(previewKind(file("text/plain", 0))).toBe("none");
  });
});

it("displayName shows characters that would turn a name round", () => {
  expect(displayName("invoice\u202Efdp.exe")).toBe("invoice␣fdp.exe");
  expect(displayName("zero\u200Bwidth\n.txt")).toBe("zero␣width␣.txt");
  expect(displayName("Übung 😀 文件.txt")).toBe("Übung 😀 文件.txt");
});
