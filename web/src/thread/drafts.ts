/** What is written but not sent, a text for each person, for as long as the tab lives. */
const PREFIX = "letterlock.draft.";

export function readDraft(personId: string): string {
  return sessionStorage.getItem(PREFIX + personId) ?? "";
}

export function writeDraft(personId: string, text: string): void {
  try {
    if (text === "") sessionStorage.removeItem(PREFIX + personId);
    else sessionStorage.setItem(PREFIX + personId, text);
  } catch {
    // Storage is full or refused: the text stays in the composer while the page is open.
  }
}

export function forgetDrafts(): void {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  }
}
