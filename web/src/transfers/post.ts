import { api } from "../api/client";
import { parseProblem, Problem } from "../api/problem";
import { maySignedIn, refreshSession } from "../api/session";
import { backendUrl } from "../config";
import type { Letter } from "../letters/letter";
import type { Draft } from "./machine";

/** What a transfer tells of itself: from where it sends, and how far it got. */
export interface Progress {
  onStart: (sentBytes: number) => void;
  onProgress: (sentBytes: number) => void;
}

interface Upload {
  method: "POST" | "PATCH";
  path: string;
  headers: Record<string, string>;
  body: XMLHttpRequestBodyInit;
  onProgress: (sentBytes: number) => void;
  signal: AbortSignal;
}

/** Posts a letter; renews an expired session and tries once more. Rejects with Problem. */
export async function postLetter(
  draft: Draft,
  file: File | null,
  progress: Progress,
  signal: AbortSignal,
): Promise<Letter> {
  // A server that refuses an upload may cut the line before the browser reads why. So first make
  // sure, with a small request, that the session is good.
  if (file !== null) await api.GET("/v1/letters/unread", { signal });
  const sentAt = Date.now();
  try {
    return await postOnce(draft, file, progress, signal);
  } catch (error) {
    const isExpired = error instanceof Problem && error.status === 401 && maySignedIn();
    if (!isExpired || !(await refreshSession(sentAt))) throw error;
    return postOnce(draft, file, progress, signal);
  }
}

async function postOnce(
  draft: Draft,
  file: File | null,
  progress: Progress,
  signal: AbortSignal,
): Promise<Letter> {
  const answer = await put({
    method: "POST",
    path: "/v1/letters",
    headers: {
      "Idempotency-Key": draft.id,
      ...(file === null ? { "Content-Type": "application/json" } : {}),
    },
    body: file === null ? JSON.stringify(jsonBody(draft)) : formBody(draft, file),
    onProgress: progress.onProgress,
    signal,
  });
  return JSON.parse(answer) as Letter;
}

/** Sends a body and gives that of the answer. Rejects with Problem. */
export function put(upload: Upload): Promise<string> {
  // XMLHttpRequest, because fetch does not tell how much of a body has been sent.
  const request = new XMLHttpRequest();
  const done = new Promise<string>((resolve, reject) => {
    request.upload.onprogress = (event) => upload.onProgress(event.loaded);
    request.onerror = () => reject(Problem.local("offline"));
    request.onabort = () => reject(Problem.local("aborted"));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(request.responseText);
      else reject(refusal(request));
    };
  });
  request.open(upload.method, backendUrl + upload.path);
  request.withCredentials = backendUrl !== "";
  for (const [name, value] of Object.entries(upload.headers)) {
    request.setRequestHeader(name, value);
  }
  request.send(upload.body);
  upload.signal.addEventListener("abort", () => request.abort(), { once: true });
  return done;
}

function refusal(request: XMLHttpRequest): Problem {
  return parseProblem(
    request.status,
    request.responseText,
    request.getResponseHeader("Retry-After"),
  );
}

function jsonBody(draft: Draft) {
  return {
    to: draft.to.id,
    text: draft.text,
    copy: draft.keepsCopy,
    ...(draft.expiresInSeconds === null ? {} : { expires_in: draft.expiresInSeconds }),
  };
}

/** The file comes last: the server starts to seal it when it has read the fields before it. */
function formBody(draft: Draft, file: File): FormData {
  const form = new FormData();
  form.append("to", draft.to.id);
  if (draft.text !== "") form.append("text", draft.text);
  form.append("copy", String(draft.keepsCopy));
  if (draft.expiresInSeconds !== null) form.append("expires_in", String(draft.expiresInSeconds));
  form.append("file", file, draft.fileName ?? file.name);
  return form;
}
