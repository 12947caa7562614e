import type { QueryClient } from "@tanstack/react-query";
import { api } from "../api/client";
import { Problem } from "../api/problem";
import type { Letter } from "./letter";
import { dropLetter, markRead, putLetter } from "./pages";
import { keys, updateLists } from "./queries";

/** Shows a letter exchanged with `personId` that was received, or sent here or elsewhere. */
export function showLetter(client: QueryClient, letter: Letter, personId: string): void {
  updateLists(client, (pages) => putLetter(pages, letter), personId);
}

export function showRead(client: QueryClient, letterId: string, readAt: string): void {
  updateLists(client, (pages) => markRead(pages, letterId, readAt));
}

/** Tells the server that a received letter was opened. */
export async function confirmRead(client: QueryClient, letterId: string): Promise<void> {
  await api.POST("/v1/letters/{id}/read", { params: { path: { id: letterId } } });
  showRead(client, letterId, new Date().toISOString());
  await client.invalidateQueries({ queryKey: keys.unread });
}

export async function deleteLetter(client: QueryClient, letterId: string): Promise<void> {
  try {
    await api.DELETE("/v1/letters/{id}", { params: { path: { id: letterId } } });
  } catch (error) {
    if (!(error instanceof Problem && error.code === "not_found")) throw error;
  }
  dropFromLists(client, letterId);
  await client.invalidateQueries({ queryKey: keys.unread });
}

/** Forgets a letter that is no more. */
export function dropFromLists(client: QueryClient, letterId: string): void {
  updateLists(client, (pages) => dropLetter(pages, letterId));
  client.removeQueries({ queryKey: keys.manifest(letterId) });
}
