import { describe, expect, it } from "vitest";
import { daysAgo, formatDay, formatShortWhen, formatSize, formatSpan } from "./format";

describe("formatSize", () => {
  it("counts in steps of 1024, one digit after the point below ten", () => {
    expect(formatSize(0, "en")).toBe("0 bytes");
    expect(formatSize(1023, "en")).toBe("1,023 bytes");
    expect(formatSize(1536, "en")).toBe("1.5 kB");
    expect(formatSize(2 * 1024 ** 3, "de")).toMatch(/^2\sGB$/);
    expect(formatSize(20.5 * 1024 ** 2, "fr")).toMatch(/^21\sMo$/);
  });
});

describe("days", () => {
  const now = new Date(2026, 10, 24, 0, 5);
  it("counts calendar days, not spans of 24 hours", () => {
    expect(daysAgo(new Date(2026, 10, 23, 23, 55), now)).toBe(1);
    expect(daysAgo(new Date(2026, 10, 24, 23, 55), now)).toBe(0);
  });
  it("counts right across a change to summer time", () => {
    expect(daysAgo(new Date(2026, 2, 28, 12), new Date(2026, 2, 30, 12))).toBe(2);
  });
  it("names today and yesterday, and dates the rest", () => {
    expect(formatDay(new Date(2026, 10, 23), now, "en")).toBe("Yesterday");
    expect(formatDay(new Date(2026, 10, 24), now, "de")).toBe("Heute");
    expect(formatDay(new Date(2026, 0, 2), now, "en")).toBe("Friday, January 2, 2026");
  });
  it("does not call a sender's wrong clock yesterday", () => {
    expect(formatDay(new Date(2026, 10, 26), now, "en")).toBe("Thursday, November 26, 2026");
    expect(formatShortWhen(new Date(2026, 10, 26), now, "en")).toBe("Nov 26");
  });
});

describe("formatSpan", () => {
  it("rounds up in the unit that people read", () => {
    expect(formatSpan(0.2, "en")).toBe("1 sec");
    expect(formatSpan(150, "en")).toBe("3 min");
    expect(formatSpan(7201, "en")).toBe("3 hr");
  });
});
