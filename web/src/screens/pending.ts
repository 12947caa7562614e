/**
 * What one screen outside hands to the next. The username survives a reload in session storage; the
 * recovery key lives in memory only and is gone when the page is.
 */
const USERNAME = "letterlock.pending_username";
const DESTINATION = "letterlock.pending_destination";

let recoveryKey: string | null = null;

export function setPendingUsername(username: string, destination = ""): void {
  sessionStorage.setItem(USERNAME, username);
  sessionStorage.setItem(DESTINATION, destination);
}

export function pendingUsername(): string {
  return sessionStorage.getItem(USERNAME) ?? "";
}

/** Where the code was mailed to, masked by the server. */
export function pendingDestination(): string {
  return sessionStorage.getItem(DESTINATION) ?? "";
}

export function setPendingRecoveryKey(key: string | null): void {
  recoveryKey = key;
}

export function pendingRecoveryKey(): string | null {
  return recoveryKey;
}
