import { useSyncExternalStore } from "react";

/**
 * Which letters lie open in this tab. Read letters open by themselves while "keep opened" is on;
 * a letter that was folded by hand stays folded.
 */
const KEEP_OPENED = "letterlock.keep_opened";

interface OpenedState {
  keepOpened: boolean;
  opened: ReadonlySet<string>;
  folded: ReadonlySet<string>;
}

let state: OpenedState = {
  keepOpened: globalThis.localStorage?.getItem(KEEP_OPENED) !== "no",
  opened: new Set(),
  folded: new Set(),
};
const listeners = new Set<() => void>();

export function useOpened(): OpenedState {
  return useSyncExternalStore(subscribe, () => state);
}

/** Whether a letter lies open; `mayOpen`: it needs no seal broken first. */
export function isOpen(
  { keepOpened, opened, folded }: OpenedState,
  id: string,
  mayOpen: boolean,
): boolean {
  return opened.has(id) || (keepOpened && mayOpen && !folded.has(id));
}

export function openLetter(id: string): void {
  set({ ...state, opened: including(state.opened, id), folded: excluding(state.folded, id) });
}

export function foldLetter(id: string): void {
  set({ ...state, opened: excluding(state.opened, id), folded: including(state.folded, id) });
}

export function setKeepOpened(keepOpened: boolean): void {
  localStorage.setItem(KEEP_OPENED, keepOpened ? "yes" : "no");
  set({ keepOpened, opened: new Set(), folded: new Set() });
}

/** Folds everything, unless opened letters are to be kept so: somebody left the conversation. */
export function leaveThread(): void {
  if (!state.keepOpened) set({ ...state, opened: new Set(), folded: new Set() });
}

function including(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return new Set(ids).add(id);
}

function excluding(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return new Set([...ids].filter((other) => other !== id));
}

function set(next: OpenedState): void {
  state = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
