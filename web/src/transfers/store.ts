import { useSyncExternalStore } from "react";
import { asProblem, Problem } from "../api/problem";
import type { Letter } from "../letters/letter";
import {
  advance,
  waitBeforeAttempt,
  type Draft,
  type Transfer,
  type TransferEvent,
} from "./machine";
import { newKey } from "./key";
import { readOutbox, writeOutbox } from "./outbox";
import { sendLetter } from "./send";
import { uploadAddress } from "./uploads";

type OnSent = (draft: Draft, letter: Letter) => void;

/** Every letter on its way, oldest first. Outside React: transfers outlive the screens. */
let transfers: readonly Transfer[] = [];
const files = new Map<string, File>();
const stops = new Map<string, AbortController>();
const listeners = new Set<() => void>();
const sentListeners = new Set<OnSent>();

export function useTransfers(): readonly Transfer[] {
  return useSyncExternalStore(subscribe, () => transfers);
}

/** Calls back when a letter has arrived at the server; gives the function that stops it. */
export function onSent(listener: OnSent): () => void {
  sentListeners.add(listener);
  return () => sentListeners.delete(listener);
}

export function hasFilesOnTheWay(): boolean {
  return transfers.some((t) => files.has(t.draft.id) && t.phase.name !== "failed");
}

export function startTransfer(draft: Draft, file: File | null): void {
  if (file !== null) files.set(draft.id, file);
  keep([...transfers, { draft, phase: { name: "queued" } }]);
  void run(draft);
}

export function retryTransfer(id: string): void {
  const transfer = transfers.find((t) => t.draft.id === id);
  if (transfer === undefined) return;
  apply(id, { kind: "retried" });
  void run(transfer.draft);
}

/** Goes on after a reload with the file chosen again: the same file keeps the key, another gets a new one. */
export function resumeTransfer(id: string, file: File): void {
  const transfer = transfers.find((t) => t.draft.id === id);
  if (transfer === undefined) return;
  const { draft } = transfer;
  const isSame = file.name === draft.fileName && file.size === draft.fileSize;
  if (isSame) drop(id);
  else cancelTransfer(id);
  const changed = { id: newKey(), fileName: file.name, fileSize: file.size };
  startTransfer(isSame ? draft : { ...draft, ...changed }, file);
}

export function cancelTransfer(id: string): void {
  drop(id);
  if (uploadAddress(id) !== undefined) void import("./upload").then((m) => m.deleteUpload(id));
}

function drop(id: string): void {
  stops.get(id)?.abort();
  forget(id);
}

/** Takes up what a reload interrupted. */
export function resumeOutbox(): void {
  for (const draft of readOutbox()) {
    if (transfers.some((t) => t.draft.id === draft.id)) continue;
    if (draft.fileName === null) startTransfer(draft, null);
    else keep([...transfers, { draft, phase: { name: "interrupted" } }]);
  }
}

/** Stops everything. The outbox keeps the letters for when the same person is back. */
export function stopTransfers(): void {
  for (const stop of stops.values()) stop.abort();
  files.clear();
  set([]);
}

async function run(draft: Draft): Promise<void> {
  const stop = new AbortController();
  stops.set(draft.id, stop);
  for (let attempt = 1; !stop.signal.aborted; attempt += 1) {
    apply(draft.id, { kind: "started", at: performance.now() });
    const problem = await attemptOnce(draft, stop.signal);
    if (problem === null || stop.signal.aborted) break;
    apply(draft.id, { kind: "refused", problem, attempt });
    const isWaiting = transfers.find((t) => t.draft.id === draft.id)?.phase.name === "waiting";
    if (!isWaiting) break;
    await untilWorthTrying(waitBeforeAttempt(attempt), stop.signal);
  }
  stops.delete(draft.id);
}

/** Null when the letter has arrived. */
async function attemptOnce(draft: Draft, signal: AbortSignal): Promise<Problem | null> {
  try {
    const tell = (kind: "started" | "progressed") => (sentBytes: number) =>
      apply(draft.id, { kind, sentBytes, at: performance.now() });
    const progress = { onStart: tell("started"), onProgress: tell("progressed") };
    const letter = await sendLetter(draft, files.get(draft.id) ?? null, progress, signal);
    for (const listener of sentListeners) listener(draft, letter);
    forget(draft.id);
    return null;
  } catch (error) {
    return asProblem(error);
  }
}

function untilWorthTrying(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    const wake = () => {
      clearTimeout(timer);
      resolve();
    };
    globalThis.addEventListener("online", wake, { once: true });
    signal.addEventListener("abort", wake, { once: true });
  });
}

function apply(id: string, event: TransferEvent): void {
  set(transfers.map((t) => (t.draft.id === id ? { ...t, phase: advance(t.phase, event) } : t)));
}

function forget(id: string): void {
  files.delete(id);
  keep(transfers.filter((t) => t.draft.id !== id));
}

/** Takes up another list of letters, and keeps it for a reload. */
function keep(next: readonly Transfer[]): void {
  writeOutbox(next.map((t) => t.draft));
  set(next);
}

function set(next: readonly Transfer[]): void {
  transfers = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
