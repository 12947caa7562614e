import { describe, expect, it } from "vitest";
import type { Draft } from "./machine";
import { metadata } from "./upload";

const draft: Draft = {
  id: "k",
  to: { id: "u", username: "bob" },
  text: "näher",
  fileName: "größe.bin",
  fileSize: 3,
  keepsCopy: false,
  expiresInSeconds: 60,
};

function read(header: string): Record<string, string> {
  const decode = (value: string) =>
    new TextDecoder().decode(Uint8Array.from(atob(value), (c) => c.charCodeAt(0)));
  const pairs = header.split(",").map((pair) => pair.split(" ") as [string, string]);
  return Object.fromEntries(pairs.map(([key, value]) => [key, decode(value)]));
}

describe("metadata", () => {
  it("tells everything about the letter, in base64 of UTF-8", () => {
    const file = new File(["abc"], "x.bin", { type: "image/png" });
    expect(read(metadata(draft, file))).toEqual({
      to: "u",
      filename: "größe.bin",
      filetype: "image/png",
      text: "näher",
      copy: "false",
      expires_in: "60",
    });
  });
  it("leaves out what is empty", () => {
    const file = new File(["abc"], "x.bin");
    const plain = { ...draft, text: "", fileName: null, expiresInSeconds: null };
    expect(read(metadata(plain, file))).toEqual({ to: "u", filename: "x.bin", copy: "false" });
  });
});
