import { api, body, send } from "../api/client";
import { Problem } from "../api/problem";
import type { components } from "../api/schema";
import { backendUrl } from "../config";
import type { Letter } from "../letters/letter";
import type { Draft } from "./machine";
import { put, type Progress } from "./post";
import { forgetUploadAddress, keepUploadAddress, uploadAddress } from "./uploads";

type Upload = components["schemas"]["Upload"];

/** tus 1.0.0, which /v1/uploads speaks. */
const TUS = { "Tus-Resumable": "1.0.0" };
/** Requests that bring nothing new before the outer retries take over. */
const IDLE_ROUNDS_MAX = 3;

/** Sends a letter with its file, from where an earlier try got to. Rejects with Problem. */
export async function uploadLetter(
  draft: Draft,
  file: File,
  progress: Progress,
  signal: AbortSignal,
): Promise<Letter> {
  let upload = await findUpload(draft, signal);
  upload ??= await beginUpload(draft, file, signal);
  for (let idle = 0; upload.letter_id === null;) {
    const { offset } = upload;
    progress.onStart(offset);
    await sendRest(draft, file, offset, progress, signal);
    upload = await findUpload(draft, signal);
    if (upload === null) throw Problem.local("offline");
    idle = upload.letter_id === null && upload.offset <= offset ? idle + 1 : 0;
    if (idle === IDLE_ROUNDS_MAX) throw Problem.local("offline");
  }
  const id = upload.letter_id;
  forgetUploadAddress(draft.id);
  return body(api.GET("/v1/letters/{id}", { params: { path: { id } }, signal }));
}

/** Gives an upload up, so that the server need not keep it. */
export async function deleteUpload(draftId: string): Promise<void> {
  const address = uploadAddress(draftId);
  if (address === undefined) return;
  forgetUploadAddress(draftId);
  await ask(address, "DELETE", TUS).catch(() => undefined);
}

/** The draft's upload as it is at the server; null when there is none. */
async function findUpload(draft: Draft, signal: AbortSignal): Promise<Upload | null> {
  const address = uploadAddress(draft.id);
  if (address === undefined) return null;
  try {
    const answer = await ask(address, "GET", TUS, signal);
    return (await answer.json()) as Upload;
  } catch (error) {
    const isGone = error instanceof Problem && (error.status === 404 || error.status === 410);
    if (!isGone) throw error;
    forgetUploadAddress(draft.id);
    return null;
  }
}

async function beginUpload(draft: Draft, file: File, signal: AbortSignal): Promise<Upload> {
  const answer = await ask(
    "/v1/uploads",
    "POST",
    {
      ...TUS,
      "Upload-Length": String(file.size),
      "Upload-Metadata": metadata(draft, file),
      "Idempotency-Key": draft.id,
    },
    signal,
  );
  const address = answer.headers.get("Location");
  if (address?.startsWith("/v1/uploads/") !== true) throw Problem.local("not_our_server");
  keepUploadAddress(draft.id, address);
  return { offset: 0, length: file.size, expires_at: "", letter_id: null };
}

/** What becomes of it, asking tells: another request may have been faster, or the upload is gone. */
async function sendRest(
  draft: Draft,
  file: File,
  offset: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const headers = {
    ...TUS,
    "Upload-Offset": String(offset),
    "Content-Type": "application/offset+octet-stream",
  };
  try {
    await put({
      method: "PATCH",
      path: uploadAddress(draft.id) ?? "",
      headers,
      body: file.slice(offset),
      onProgress: (sentBytes) => progress.onProgress(offset + sentBytes),
      signal,
    });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === "upload_changed") forgetUploadAddress(draft.id);
    const isElsewhere =
      error.code === "offset_mismatch" ||
      error.code === "upload_taken_over" ||
      error.status === 404;
    if (!isElsewhere) throw error;
  }
}

function ask(
  path: string,
  method: string,
  headers: Record<string, string>,
  signal?: AbortSignal,
): Promise<Response> {
  const options = signal === undefined ? {} : { signal };
  return send(
    new Request(backendUrl + path, { method, headers, credentials: "include", ...options }),
  );
}

/** "key base64,key base64" (tus, creation). */
export function metadata(draft: Draft, file: File): string {
  const fields: [string, string][] = [
    ["to", draft.to.id],
    ["filename", draft.fileName ?? file.name],
    ["filetype", file.type],
    ["text", draft.text],
    ["copy", String(draft.keepsCopy)],
    ["expires_in", draft.expiresInSeconds === null ? "" : String(draft.expiresInSeconds)],
  ];
  return fields
    .filter(([, value]) => value !== "")
    .map(([key, value]) => `${key} ${base64(value)}`)
    .join(",");
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
