import { forgetDrafts } from "../thread/drafts";
import { writeOutbox } from "../transfers/outbox";
import { forgetUploadAddresses } from "../transfers/uploads";

/** Whose drafts and unsent letters this tab keeps. */
const OWNER = "letterlock.owner";

/** Makes the tab somebody's own: what another person left in it is forgotten, never sent. */
export function claimTab(userId: string): void {
  if (sessionStorage.getItem(OWNER) === userId) return;
  clearTab();
  sessionStorage.setItem(OWNER, userId);
}

/** Forgets everything that was written in this tab. */
export function clearTab(): void {
  sessionStorage.removeItem(OWNER);
  forgetDrafts();
  writeOutbox([]);
  forgetUploadAddresses();
}
