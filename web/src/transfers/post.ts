import { api } from "../api/client";
import { parseProblem, Problem } from "../api/problem";
import { maySignedIn, refreshSession } from "../api/session";
import { backendUrl } from "../config";
import type { Letter } from "../letters/letter";
import type { Draft } from "./machine";

type OnProgress = (sentBytes: number) => void;

/** Posts a letter; renews an expired session and tries once more. Rejects with Problem. */
export async function postLetter(
  draft: Draft,
  file: File | null,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Letter> {
  // A server that refuses an upload may cut the line before the browser reads why. So first make
  // sure, with a small request, that the session is good.
  if (file !== null) await api.GET("/v1/letters/unread", { signal });
  const sentAt = Date.now();
  try {
    return await postOnce(draft, file, onProgress, signal);
  } catch (error) {
    const isExpired = error instanceof Problem && error.status === 401 && maySignedIn();
    if (!isExpired || !(await refreshSession(sentAt))) throw error;
    return postOnce(draft, file, onProgress, signal);
  }
}

function postOnce(
  draft: Draft,
  file: File | null,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Letter> {
  // XMLHttpRequest, because fetch does not tell how much of a body has been sent.
  const request = new XMLHttpRequest();
  const done = new Promise<Letter>((resolve, reject) => {
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onerror = () => reject(Problem.local("offline"));
    request.onabort = () => reject(Problem.local("aborted"));
    request.onload = () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText) as Letter);
      else reject(refusal(request));
    };
  });
  request.open("POST", `${backendUrl}/v1/letters`);
  request.withCredentials = backendUrl !== "";
  request.setRequestHeader("Idempotency-Key", draft.id);
  if (file === null) {
    request.setRequestHeader("Content-Type", "application/json");
    request.send(JSON.stringify(jsonBody(draft)));
  } else {
    request.send(formBody(draft, file));
  }
  signal.addEventListener("abort", () => request.abort(), { once: true });
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
