/** Word between the tabs of one browser. It carries no text of a letter and no secret. */
export type TabMessage =
  | { kind: "signed-in" }
  | { kind: "signed-out" }
  | { kind: "ended" }
  | { kind: "gap" }
  | { kind: "live"; event: string; data: string };

const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("letterlock");

export function tellOtherTabs(message: TabMessage): void {
  channel?.postMessage(message);
}

/** Calls back for each message of another tab; gives the function that stops it. */
export function listenToTabs(callback: (message: TabMessage) => void): () => void {
  const listener = (event: MessageEvent<TabMessage>) => callback(event.data);
  channel?.addEventListener("message", listener);
  return () => channel?.removeEventListener("message", listener);
}

/** Runs `work` while no other tab holds the lock of this name. */
export function withTabLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (!("locks" in navigator)) return work();
  return navigator.locks.request(`letterlock.${name}`, work) as Promise<T>;
}
