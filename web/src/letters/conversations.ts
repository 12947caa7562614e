import { isOwn, otherSide, type Letter, type Person, type UnreadSender } from "./letter";

export interface Conversation {
  person: Person;
  /** RFC 3339; these compare as text. */
  latestAt: string;
  latest: Letter | null;
  unread: number;
}

/**
 * The server lists letters, not conversations: the newest letter of each person makes one. People with
 * unread letters older than the pages seen so far come from the unread senders.
 */
export function groupConversations(
  letters: Iterable<Letter>,
  unreadSenders: readonly UnreadSender[],
  myId: string,
): Conversation[] {
  const byPerson = new Map<string, Conversation>();
  for (const letter of letters) {
    const person = otherSide(letter, myId);
    const known = byPerson.get(person.id);
    if (known === undefined) {
      byPerson.set(person.id, { person, latestAt: letter.sent_at, latest: letter, unread: 0 });
    } else if (letter.sent_at > known.latestAt) {
      known.latestAt = letter.sent_at;
      known.latest = letter;
    }
  }
  for (const sender of unreadSenders) {
    const known = byPerson.get(sender.id);
    if (known !== undefined) {
      known.unread = sender.count;
    } else {
      const person = { id: sender.id, username: sender.username };
      byPerson.set(sender.id, {
        person,
        latestAt: sender.latest,
        latest: null,
        unread: sender.count,
      });
    }
  }
  return [...byPerson.values()].sort((a, b) => (a.latestAt < b.latestAt ? 1 : -1));
}

export type Activity = "unread" | "received" | "delivered" | "read";

/** What the second line of a conversation tells. */
export function activityOf(conversation: Conversation, myId: string): Activity {
  if (conversation.unread > 0 || conversation.latest === null) return "unread";
  if (!isOwn(conversation.latest, myId)) return "received";
  return conversation.latest.read_at === null ? "delivered" : "read";
}
