import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";

it("every language has every text, with the same values", () => {
  const said = execFileSync("node", ["scripts/check-locales.mjs"], { encoding: "utf8" });
  expect(said).toContain("5 languages");
  expect(said).toContain("0 problems");
});
