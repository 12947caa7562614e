import { backendUrl } from "../config";
import { parseProblem } from "./problem";
import { tellOtherTabs, withTabLock } from "./tabs";

/**
 * The session lives in HttpOnly cookies that no script sees. What is kept here is only whether there
 * should be one, and when the cookies were last renewed, so that tabs do not renew them twice: a
 * refresh token that is presented again ends the session.
 */
const SIGNED_IN = "letterlock.signed_in";
const REFRESHED_AT = "letterlock.refreshed_at";

type Listener = () => void;
const endListeners = new Set<Listener>();
let refreshing: Promise<boolean> | null = null;

export function maySignedIn(): boolean {
  return localStorage.getItem(SIGNED_IN) !== null;
}

export function noteSignedIn(): void {
  localStorage.setItem(SIGNED_IN, "1");
  noteRefreshed();
}

export function noteSignedOut(): void {
  localStorage.removeItem(SIGNED_IN);
  localStorage.removeItem(REFRESHED_AT);
}

/** Calls back when the session has ended in this tab; gives the function that stops it. */
export function onSessionEnd(listener: Listener): () => void {
  endListeners.add(listener);
  return () => endListeners.delete(listener);
}

export function endSession(): void {
  if (!maySignedIn()) return;
  noteSignedOut();
  tellOtherTabs({ kind: "ended" });
  for (const listener of endListeners) listener();
}

/**
 * Renews the cookies after a request that was sent at `sentAt` (milliseconds of this machine's clock)
 * was refused. True: try the request again. Throws when the server
 * or the network is gone for now.
 */
export function refreshSession(sentAt: number): Promise<boolean> {
  refreshing ??= withTabLock("refresh", () => refreshUnlessDone(sentAt)).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

async function refreshUnlessDone(sentAt: number): Promise<boolean> {
  if (Number(localStorage.getItem(REFRESHED_AT) ?? 0) > sentAt) return true;
  const answer = await fetch(`${backendUrl}/v1/sessions/refresh`, {
    method: "POST",
    credentials: "include",
  });
  if (answer.ok) {
    noteRefreshed();
    return true;
  }
  if (answer.status === 400 || answer.status === 401 || answer.status === 403) {
    endSession();
    return false;
  }
  throw parseProblem(answer.status, await answer.text(), answer.headers.get("Retry-After"));
}

function noteRefreshed(): void {
  localStorage.setItem(REFRESHED_AT, String(Date.now()));
}
