import { api, send } from "../api/client";
import { backendUrl } from "../config";

export function contentUrl(letterId: string): string {
  return `${backendUrl}/v1/letters/${letterId}/content`;
}

function request(letterId: string, init: RequestInit): Promise<Response> {
  const url = new URL(contentUrl(letterId), location.href);
  return send(new Request(url, { credentials: "include", ...init }));
}

/** A whole file, in memory, under the type it is to be shown as. */
export async function fetchContent(
  letterId: string,
  type: string,
  signal: AbortSignal,
): Promise<Blob> {
  const answer = await request(letterId, { signal });
  return new Blob([await answer.arrayBuffer()], { type });
}

/** The first bytes of a file as text. */
export async function fetchBeginning(
  letterId: string,
  bytes: number,
  signal: AbortSignal,
): Promise<string> {
  const answer = await request(letterId, { signal, headers: { Range: `bytes=0-${bytes - 1}` } });
  return new TextDecoder().decode(await answer.arrayBuffer());
}

/** Lets the browser save a file by itself, however large; first makes sure that the session is good. */
export async function download(letterId: string, name: string): Promise<void> {
  await api.GET("/v1/letters/{id}", { params: { path: { id: letterId } } });
  const link = document.createElement("a");
  link.href = contentUrl(letterId);
  link.download = name;
  link.click();
}
