/**
 * The addresses of unfinished uploads, by the id of their draft, in this tab's session storage: after a
 * reload the same file goes on where it was. An address holds a secret, good for nothing without the session.
 */
const UPLOADS = "letterlock.uploads";

type Addresses = Record<string, string>;

function read(): Addresses {
  try {
    return JSON.parse(sessionStorage.getItem(UPLOADS) ?? "{}") as Addresses;
  } catch {
    return {};
  }
}

function write(addresses: Addresses): void {
  try {
    sessionStorage.setItem(UPLOADS, JSON.stringify(addresses));
  } catch {
    // Storage is full or refused: the upload goes on all the same while the page stays open.
  }
}

let known: Addresses = {};

export function uploadAddress(draftId: string): string | undefined {
  return known[draftId] ?? read()[draftId];
}

export function keepUploadAddress(draftId: string, address: string): void {
  known[draftId] = address;
  write({ ...read(), [draftId]: address });
}

export function forgetUploadAddress(draftId: string): void {
  const kept = read();
  delete known[draftId];
  delete kept[draftId];
  write(kept);
}

/** Forgets all of them: whoever signs in next has no use for them. */
export function forgetUploadAddresses(): void {
  known = {};
  sessionStorage.removeItem(UPLOADS);
}
