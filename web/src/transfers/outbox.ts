import type { Draft } from "./machine";

/**
 * Letters on their way, kept in this tab's session storage so that a reload loses none: texts are sent
 * again by themselves, with the same key; files are not kept by browsers and must be chosen again.
 */
const OUTBOX = "letterlock.outbox";

export function readOutbox(): Draft[] {
  try {
    return JSON.parse(sessionStorage.getItem(OUTBOX) ?? "[]") as Draft[];
  } catch {
    return [];
  }
}

export function writeOutbox(drafts: readonly Draft[]): void {
  try {
    sessionStorage.setItem(OUTBOX, JSON.stringify(drafts));
  } catch {
    // Storage is full or refused: the letters go out all the same while the page stays open.
  }
}
