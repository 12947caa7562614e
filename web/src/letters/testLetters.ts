import type { Letter } from "./letter";

export const me = { id: "me", username: "me" };
export const bob = { id: "bob", username: "bob" };
export const carol = { id: "carol", username: "carol" };

/** A letter from bob to me at a minute of one hour. */
export function letterAt(minute: number, other: Partial<Letter> = {}): Letter {
  const at = String(minute).padStart(2, "0");
  return {
    id: `letter-${at}`,
    from: bob,
    to: me,
    sent_at: `2026-11-24T10:${at}:00.000Z`,
    read_at: null,
    expires_at: null,
    size: 10,
    sealed_size: 300,
    sender_verified: true,
    can_open: true,
    ...other,
  };
}
