import { describe, expect, it } from "vitest";
import { clientName } from "./clientName";
import { checkPassword } from "./password";
import { isLastGroup } from "./recoveryKey";

describe("checkPassword", () => {
  const check = (password: string, names: string[] = []) => checkPassword(password, names, 10);
  it("counts characters, not UTF-16 units", () => {
    expect(check("😀😀😀😀😀").isLongEnough).toBe(false);
    expect(check("十个汉字的密码就够了").isLongEnough).toBe(true);
  });
  it("calls long but monotonous passwords weak", () => {
    expect(check("aaaaaaaaaaaaaaaa").strength).toBe("weak");
    expect(check("abcdefghijklmnop").strength).toBe("weak");
  });
  it("sees the username and the address in a password", () => {
    expect(check("ALICE-in-wonderland", ["alice"])).toMatchObject({
      isUnlikeNames: false,
      strength: "weak",
    });
    expect(check("wonderland-teapot", ["", "al@example.org"]).isUnlikeNames).toBe(true);
  });
  it("is pleased with several words", () => {
    expect(check("correct horse battery staple").strength).toBe("strong");
    expect(check("").score).toBe(0);
  });
});

it("isLastGroup forgives case, spaces and look-alikes", () => {
  const key = "7Q2K-9F3M-XV4T-10ZA";
  expect(isLastGroup(key, " 1oza ")).toBe(true);
  expect(isLastGroup(key, "IOZA")).toBe(true);
  expect(isLastGroup(key, key.toLowerCase())).toBe(true);
  expect(isLastGroup(key, "XV4T")).toBe(false);
  expect(isLastGroup(key, "")).toBe(false);
});

it("clientName knows browsers that call themselves by others' names", () => {
  const edge =
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0";
  expect(clientName(edge)).toBe("Edge, Windows");
  expect(clientName("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko Firefox/130.0")).toBe(
    "Firefox, Linux",
  );
  expect(clientName("curl/8")).toBe("");
});
