import type { components } from "../api/schema";

export type Letter = components["schemas"]["Letter"];
export type LetterPage = components["schemas"]["LetterList"];
export type Manifest = components["schemas"]["Manifest"];
export type ManifestFile = components["schemas"]["ManifestFile"];
export type Person = components["schemas"]["Person"];
export type UnreadSender = components["schemas"]["UnreadSender"];

export function isOwn(letter: Letter, myId: string): boolean {
  return letter.from.id === myId;
}

/** Whom the letter was exchanged with; oneself, for a letter to oneself. */
export function otherSide(letter: Letter, myId: string): Person {
  return isOwn(letter, myId) ? letter.to : letter.from;
}

/** What a person sees of a letter before it is opened. */
export type SealState = "sealed" | "opened" | "delivered" | "read" | "no_copy";

export function sealState(letter: Letter, myId: string): SealState {
  if (!letter.can_open) return "no_copy";
  const isRead = letter.read_at !== null;
  if (isOwn(letter, myId)) return isRead ? "read" : "delivered";
  return isRead ? "opened" : "sealed";
}
