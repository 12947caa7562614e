import { describe, expect, it } from "vitest";
import english from "../locales/en.json";
import type { MessageKey } from "../i18n/language";
import { explainProblem } from "./explain";
import { asProblem, parseProblem, Problem } from "./problem";

const say = (problem: Problem) => explainProblem(problem, (key: MessageKey) => key, "en");

describe("parseProblem", () => {
  it("reads a problem document", () => {
    const body = JSON.stringify({ code: "rate_limited", request_id: "r1", status: 429 });
    const problem = parseProblem(429, body, "90");
    expect(problem).toMatchObject({ status: 429, code: "rate_limited", requestId: "r1" });
    expect(problem.retryAfterSeconds).toBe(90);
  });
  it("knows an answer that is none of ours", () => {
    expect(parseProblem(502, "<html>Bad Gateway</html>", null).code).toBe("not_our_server");
    expect(parseProblem(500, "null", "soon").code).toBe("not_our_server");
  });
});

describe("asProblem", () => {
  it("tells a lost network from a cancelled request", () => {
    expect(asProblem(new TypeError("Failed to fetch")).code).toBe("offline");
    expect(asProblem(new DOMException("", "AbortError")).code).toBe("aborted");
  });
  it("does not hide our own mistakes", () => {
    expect(() => asProblem(new RangeError("bug"))).toThrow("bug");
  });
});

describe("explainProblem", () => {
  it("has words for every code that it names", () => {
    for (const code of ["weak_password", "quota_exceeded", "letter_damaged", "offline"] as const) {
      expect(english).toHaveProperty([say(new Problem(400, code, undefined, undefined))]);
    }
  });
  it("falls back to what the status means", () => {
    expect(say(new Problem(503, "unavailable", undefined, undefined))).toBe("problem.unavailable");
    expect(say(new Problem(500, "internal", undefined, undefined))).toBe("problem.internal");
    expect(say(new Problem(400, "invalid_json", undefined, undefined))).toBe("problem.refused");
  });
  it("says how long to wait when the server does", () => {
    expect(say(new Problem(429, "rate_limited", undefined, 60))).toBe("problem.rate_limited_for");
    expect(say(new Problem(429, "rate_limited", undefined, undefined))).toBe(
      "problem.rate_limited",
    );
  });
});
