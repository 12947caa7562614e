import { describe, expect, it } from "vitest";
import { Problem } from "../api/problem";
import { advance, MAX_ATTEMPTS, secondsLeft, waitBeforeAttempt, type Phase } from "./machine";

const offline = Problem.local("offline");
const refused = new Problem(413, "letter_too_large", undefined, undefined);
const sending: Phase = { name: "sending", sentBytes: 0, bytesPerSecond: 0, measuredAt: 0 };

describe("advance", () => {
  it("goes from queued through sending to waiting and back while the network is gone", () => {
    let phase: Phase = { name: "queued" };
    phase = advance(phase, { kind: "started", at: 0 });
    expect(phase.name).toBe("sending");
    phase = advance(phase, { kind: "refused", problem: offline, attempt: 1 });
    expect(phase).toEqual({ name: "waiting", attempt: 1 });
    phase = advance(phase, { kind: "started", at: 9 });
    expect(phase).toEqual({ ...sending, measuredAt: 9 });
  });
  it("fails at once for what another try does not mend, and at last for what it might", () => {
    const failed = { name: "failed", problem: refused };
    expect(advance(sending, { kind: "refused", problem: refused, attempt: 1 })).toEqual(failed);
    const last = advance(sending, { kind: "refused", problem: offline, attempt: MAX_ATTEMPTS });
    expect(last.name).toBe("failed");
  });
  it("starts over when a person asks for it", () => {
    expect(advance({ name: "failed", problem: refused }, { kind: "retried" }).name).toBe("queued");
  });
  it("measures speed smoothly, and only over a fair stretch of time", () => {
    const soon = advance(sending, { kind: "progressed", sentBytes: 500, at: 50 });
    expect(soon).toBe(sending);
    const first = advance(sending, { kind: "progressed", sentBytes: 1000, at: 1000 });
    expect(first).toMatchObject({ sentBytes: 1000, bytesPerSecond: 1000 });
    const second = advance(first, { kind: "progressed", sentBytes: 3000, at: 2000 });
    expect(second).toMatchObject({ sentBytes: 3000, bytesPerSecond: 1300 });
  });
  it("takes what an earlier try sent for no speed", () => {
    const resumed = advance(sending, { kind: "started", sentBytes: 5000, at: 0 });
    expect(resumed).toMatchObject({ sentBytes: 5000, bytesPerSecond: 0 });
    const later = advance(resumed, { kind: "progressed", sentBytes: 6000, at: 1000 });
    expect(later).toMatchObject({ sentBytes: 6000, bytesPerSecond: 1000 });
  });
  it("ignores progress that comes after the end", () => {
    const waiting: Phase = { name: "waiting", attempt: 2 };
    expect(advance(waiting, { kind: "progressed", sentBytes: 1, at: 1 })).toBe(waiting);
  });
});

it("waits longer and longer, at most half a minute", () => {
  expect([1, 2, 3, 5, 6, 20].map(waitBeforeAttempt)).toEqual([
    1000, 2000, 4000, 16000, 30000, 30000,
  ]);
});

it("knows the time left only while it knows the speed", () => {
  expect(secondsLeft(0, 100, 0)).toBeNull();
  expect(secondsLeft(50, 100, 25)).toBe(2);
  expect(secondsLeft(120, 100, 25)).toBe(0);
});
