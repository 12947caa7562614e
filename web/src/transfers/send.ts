import { api, body } from "../api/client";
import type { Letter } from "../letters/letter";
import type { Draft } from "./machine";
import { postLetter, type Progress } from "./post";

/** Smaller files go in one request: they are quickly sent again. */
const UPLOAD_LEAST_BYTES = 32 * 1024 ** 2;
/** Longer texts do not fit the headers that begin an upload. */
const UPLOAD_TEXT_MAX_CHARACTERS = 1000;

let offered: Promise<boolean> | null = null;

/** Sends a letter, a large file by an upload that goes on where a broken one got to. Rejects with Problem. */
export async function sendLetter(
  draft: Draft,
  file: File | null,
  progress: Progress,
  signal: AbortSignal,
): Promise<Letter> {
  const isLarge =
    file !== null &&
    file.size >= UPLOAD_LEAST_BYTES &&
    draft.text.length <= UPLOAD_TEXT_MAX_CHARACTERS;
  if (!isLarge || !(await areUploadsOffered())) return postLetter(draft, file, progress, signal);
  const { uploadLetter } = await import("./upload");
  return uploadLetter(draft, file, progress, signal);
}

function areUploadsOffered(): Promise<boolean> {
  offered ??= body(api.GET("/v1/config")).then(
    (config) => config.uploads,
    (error: unknown) => {
      offered = null;
      throw error;
    },
  );
  return offered;
}
