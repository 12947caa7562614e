import { describe, expect, it } from "vitest";
import { activityOf, groupConversations } from "./conversations";
import { bob, carol, letterAt, me } from "./testLetters";

describe("groupConversations", () => {
  it("makes one of each person, by the latest letter", () => {
    const letters = [letterAt(5), letterAt(4, { from: me, to: carol }), letterAt(3)];
    const found = groupConversations(letters, [], me.id);
    expect(found.map((c) => c.person.id)).toEqual(["bob", "carol"]);
    expect(found[0]?.latest?.id).toBe("letter-05");
  });
  it("takes unread counts from the senders, and people whose letters are not fetched yet", () => {
    const senders = [
      { ...bob, count: 2, latest: "2026-11-24T10:05:00.000Z" },
      { ...carol, count: 7, latest: "2026-01-01T00:00:00.000Z" },
    ];
    const found = groupConversations([letterAt(5)], senders, me.id);
    expect(found.map((c) => [c.person.id, c.unread])).toEqual([
      ["bob", 2],
      ["carol", 7],
    ]);
    expect(found[1]?.latest).toBeNull();
  });
  it("does not depend on the order of letters", () => {
    const found = groupConversations([letterAt(1), letterAt(9)], [], me.id);
    expect(found[0]?.latest?.id).toBe("letter-09");
  });
  it("stays quick with 10,000 letters of 1,000 people", () => {
    const letters = Array.from({ length: 10_000 }, (_, i) =>
      letterAt(i % 60, { id: `l${i}`, from: { id: `p${i % 1000}`, username: `p${i % 1000}` } }),
    );
    const start = performance.now();
    expect(groupConversations(letters, [], me.id)).toHaveLength(1000);
    expect(performance.now() - start).toBeLessThan(200);
  });
});

describe("activityOf", () => {
  const conversation = (letter: ReturnType<typeof letterAt>, unread = 0) => ({
    person: bob,
    latestAt: letter.sent_at,
    latest: letter,
    unread,
  });
  it("tells sealed, received, delivered and read apart", () => {
    const own = letterAt(1, { from: me, to: bob });
    expect(activityOf(conversation(letterAt(1), 1), me.id)).toBe("unread");
    expect(activityOf(conversation(letterAt(1)), me.id)).toBe("received");
    expect(activityOf(conversation(own), me.id)).toBe("delivered");
    expect(activityOf(conversation({ ...own, read_at: own.sent_at }), me.id)).toBe("read");
  });
});
