import type { Problem } from "../api/problem";
import type { Person } from "../letters/letter";

export interface Draft {
  /** Also the Idempotency-Key: however often it is tried, one letter comes of it. */
  id: string;
  to: Person;
  text: string;
  fileName: string | null;
  fileSize: number;
  keepsCopy: boolean;
  expiresInSeconds: number | null;
}

export type Phase =
  | { name: "queued" }
  | { name: "sending"; sentBytes: number; bytesPerSecond: number; measuredAt: number }
  | { name: "waiting"; attempt: number }
  | { name: "failed"; problem: Problem }
  | { name: "interrupted" };

export interface Transfer {
  draft: Draft;
  phase: Phase;
}

export type TransferEvent =
  | { kind: "started"; sentBytes?: number; at: number }
  | { kind: "progressed"; sentBytes: number; at: number }
  | { kind: "refused"; problem: Problem; attempt: number }
  | { kind: "retried" };

const SPEED_MEMORY = 0.7;
const MIN_SAMPLE_MS = 200;
/** With waits of 1, 2, 4 … 30 s: about ten minutes, then the person decides. */
export const MAX_ATTEMPTS = 24;
const LONGEST_WAIT_MS = 30_000;

export function waitBeforeAttempt(attempt: number): number {
  return Math.min(1000 * 2 ** (attempt - 1), LONGEST_WAIT_MS);
}

/** The next phase of a transfer; events that do not fit the present one change nothing. */
export function advance(phase: Phase, event: TransferEvent): Phase {
  switch (event.kind) {
    case "started":
      return {
        name: "sending",
        sentBytes: event.sentBytes ?? 0,
        bytesPerSecond: 0,
        measuredAt: event.at,
      };
    case "progressed":
      return phase.name === "sending" ? measure(phase, event.sentBytes, event.at) : phase;
    case "refused":
      return event.problem.isPassing && event.attempt < MAX_ATTEMPTS
        ? { name: "waiting", attempt: event.attempt }
        : { name: "failed", problem: event.problem };
    case "retried":
      return { name: "queued" };
  }
}

function measure(phase: Extract<Phase, { name: "sending" }>, sentBytes: number, at: number): Phase {
  const elapsed = at - phase.measuredAt;
  if (elapsed < MIN_SAMPLE_MS) return phase;
  const latest = ((sentBytes - phase.sentBytes) * 1000) / elapsed;
  const bytesPerSecond =
    phase.bytesPerSecond === 0
      ? latest
      : SPEED_MEMORY * phase.bytesPerSecond + (1 - SPEED_MEMORY) * latest;
  return { name: "sending", sentBytes, bytesPerSecond, measuredAt: at };
}

/** Seconds until all is sent at the present speed; null while that is not known. */
export function secondsLeft(
  sentBytes: number,
  totalBytes: number,
  bytesPerSecond: number,
): number | null {
  if (bytesPerSecond <= 0) return null;
  return Math.max(0, totalBytes - sentBytes) / bytesPerSecond;
}
