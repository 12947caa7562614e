import { useInfiniteQuery, useQuery, type QueryClient } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { LetterPage } from "./letter";
import { catchUp, type LetterPages } from "./pages";

const LIST_PAGE = 200;
const THREAD_PAGE = 50;

/** The keys under which the answers of the server are kept. */
export const keys = {
  me: ["me"] as const,
  config: ["config"] as const,
  unread: ["unread"] as const,
  sessions: ["sessions"] as const,
  allLetters: ["letters"] as const,
  thread: (personId: string) => ["letters", personId] as const,
  manifest: (letterId: string) => ["manifest", letterId] as const,
  person: (personId: string) => ["person", personId] as const,
  people: (prefix: string) => ["people", prefix] as const,
};

interface PageRequest {
  limit: number;
  cursor: string | null;
  personId?: string | undefined;
}

function fetchPage({ limit, cursor, personId }: PageRequest): Promise<LetterPage> {
  const query = {
    limit,
    ...(cursor === null ? {} : { cursor }),
    ...(personId === undefined ? {} : { with: personId }),
  };
  return body(api.GET("/v1/letters", { params: { query } }));
}

function usePages(key: readonly string[], limit: number, personId?: string) {
  return useInfiniteQuery<LetterPage, Error, LetterPages, readonly string[], string | null>({
    queryKey: key,
    queryFn: ({ pageParam }) => fetchPage({ limit, cursor: pageParam, personId }),
    initialPageParam: null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: Infinity,
  });
}

export function useAllLetters() {
  return usePages(keys.allLetters, LIST_PAGE);
}

export function useThread(personId: string) {
  return usePages(keys.thread(personId), THREAD_PAGE, personId);
}

export function useUnread() {
  return useQuery({
    queryKey: keys.unread,
    queryFn: () => body(api.GET("/v1/letters/unread")),
    staleTime: 30_000,
  });
}

export function useManifest(letterId: string, isWanted: boolean) {
  return useQuery({
    queryKey: keys.manifest(letterId),
    queryFn: ({ signal }) =>
      body(api.GET("/v1/letters/{id}/manifest", { params: { path: { id: letterId } }, signal })),
    enabled: isWanted,
    staleTime: Infinity,
    retry: false,
  });
}

/** Every list of letters that is kept, with the person it is about (undefined: all letters). */
function keptLists(client: QueryClient): [string | undefined, LetterPages][] {
  return client
    .getQueriesData<LetterPages>({ queryKey: keys.allLetters })
    .flatMap(([key, pages]) =>
      pages === undefined ? [] : [[key[1] as string | undefined, pages]],
    );
}

/** Changes every kept list that `concerns` a person; undefined concerns all. */
export function updateLists(
  client: QueryClient,
  change: (pages: LetterPages) => LetterPages,
  personId?: string,
): void {
  for (const [listed, pages] of keptLists(client)) {
    if (listed !== undefined && personId !== undefined && listed !== personId) continue;
    client.setQueryData(
      listed === undefined ? keys.allLetters : keys.thread(listed),
      change(pages),
    );
  }
}

/** Fetches what came while there were no live events. */
export async function catchUpLists(client: QueryClient): Promise<void> {
  await client.invalidateQueries({ queryKey: keys.unread });
  const active = keptLists(client).filter(([listed]) => {
    const key = listed === undefined ? keys.allLetters : keys.thread(listed);
    return (
      listed === undefined ||
      client.getQueryCache().find({ queryKey: key, exact: true })?.isActive()
    );
  });
  for (const [listed] of active) {
    const limit = listed === undefined ? LIST_PAGE : THREAD_PAGE;
    const newest = await fetchPage({ limit, cursor: null, personId: listed });
    updateOne(client, listed, (pages) => catchUp(pages, newest));
  }
  dropIdleThreads(client);
}

function updateOne(
  client: QueryClient,
  listed: string | undefined,
  change: (pages: LetterPages) => LetterPages,
): void {
  const key = listed === undefined ? keys.allLetters : keys.thread(listed);
  client.setQueryData<LetterPages>(key, (pages) => (pages === undefined ? pages : change(pages)));
}

/** Threads that nobody looks at missed the same events: they are fetched anew when opened. */
function dropIdleThreads(client: QueryClient): void {
  client.removeQueries({
    predicate: (query) =>
      query.queryKey[0] === "letters" && query.queryKey.length === 2 && !query.isActive(),
  });
}
