import { describe, expect, it } from "vitest";
import { localeOf, matchLanguage } from "./language";
import { formatMessage } from "./message";

const say = (message: Parameters<typeof formatMessage>[0], values = {}, language = "en") =>
  formatMessage(message, values, new Intl.PluralRules(language), new Intl.NumberFormat(language));

describe("formatMessage", () => {
  it("puts values in their places, and leaves unknown places alone", () => {
    expect(say("{a} to {b} and {c}", { a: "x", b: 1234 })).toBe("x to 1,234 and {c}");
  });
  it("does not read placeholders out of values", () => {
    expect(say("{a} {b}", { a: "{b}", b: "$&" })).toBe("{b} $&");
  });
  it("chooses the plural form by the count", () => {
    const letters = { one: "{count} letter", other: "{count} letters" };
    expect(say(letters, { count: 1 })).toBe("1 letter");
    expect(say(letters, { count: 0 })).toBe("0 letters");
    expect(say(letters, { count: 0 }, "fr")).toBe("0 letter");
    expect(say({ other: "{count} 封" }, { count: 1 }, "zh")).toBe("1 封");
  });
});

describe("matchLanguage", () => {
  it("takes the first that there is, by its primary tag", () => {
    expect(matchLanguage(["pt-BR", "fr-CA", "en"])).toBe("fr");
    expect(matchLanguage(["zh-Hant-TW"])).toBe("zh");
    expect(matchLanguage(["tlh"])).toBe("en");
    expect(matchLanguage([])).toBe("en");
    expect(matchLanguage(["constructor"])).toBe("en");
  });
});

it("localeOf keeps the reader's own variety of the language", () => {
  expect(localeOf("en", ["de-CH", "en-GB", "en"])).toBe("en-GB");
  expect(localeOf("fr", ["de-CH", "en-GB"])).toBe("fr");
});
