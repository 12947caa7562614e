import type { Letter } from "../letters/letter";
import type { Transfer } from "../transfers/machine";

export type ThreadItem =
  | { kind: "day"; key: string; at: Date }
  | { kind: "letter"; key: string; letter: Letter }
  | { kind: "outgoing"; key: string; transfer: Transfer };

function dayKey(time: Date): string {
  return `${time.getFullYear()}-${time.getMonth() + 1}-${time.getDate()}`;
}

/** A thread as it is read: oldest first, a line between days, what is on its way at the end. */
export function threadItems(
  newestFirst: readonly Letter[],
  outgoing: readonly Transfer[],
): ThreadItem[] {
  const items: ThreadItem[] = [];
  let day = "";
  for (let i = newestFirst.length - 1; i >= 0; i -= 1) {
    const letter = newestFirst[i];
    if (letter === undefined) continue;
    const at = new Date(letter.sent_at);
    if (dayKey(at) !== day) {
      day = dayKey(at);
      items.push({ kind: "day", key: day, at });
    }
    items.push({ kind: "letter", key: letter.id, letter });
  }
  for (const transfer of outgoing) {
    items.push({ kind: "outgoing", key: transfer.draft.id, transfer });
  }
  return items;
}
