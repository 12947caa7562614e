import type { InfiniteData } from "@tanstack/react-query";
import type { Letter, LetterPage } from "./letter";

/** Letters newest first, as fetched page by page. */
export type LetterPages = InfiniteData<LetterPage, string | null>;

function isNewer(a: Letter, b: Letter): boolean {
  return a.sent_at !== b.sent_at ? a.sent_at > b.sent_at : a.id > b.id;
}

function mapItems(pages: LetterPages, map: (items: Letter[]) => Letter[]): LetterPages {
  return { ...pages, pages: pages.pages.map((page) => ({ ...page, items: map(page.items) })) };
}

export function* eachLetter(pages: LetterPages | undefined): Generator<Letter> {
  for (const page of pages?.pages ?? []) yield* page.items;
}

/** Puts a letter in its place, or in the place of its older copy. */
export function putLetter(pages: LetterPages, letter: Letter): LetterPages {
  for (const known of eachLetter(pages)) {
    if (known.id === letter.id) {
      return mapItems(pages, (items) => items.map((l) => (l.id === letter.id ? letter : l)));
    }
  }
  const [first, ...rest] = pages.pages;
  if (first === undefined) return pages;
  const at = first.items.findIndex((l) => isNewer(letter, l));
  const place = at === -1 ? first.items.length : at;
  const items = [...first.items.slice(0, place), letter, ...first.items.slice(place)];
  return { ...pages, pages: [{ ...first, items }, ...rest] };
}

export function markRead(pages: LetterPages, id: string, readAt: string): LetterPages {
  return mapItems(pages, (items) =>
    items.map((l) => (l.id === id && l.read_at === null ? { ...l, read_at: readAt } : l)),
  );
}

export function dropLetter(pages: LetterPages, id: string): LetterPages {
  return mapItems(pages, (items) => items.filter((l) => l.id !== id));
}

/**
 * Takes in the newest page after a time without live events. When more letters came meanwhile than one
 * page holds, nothing joins it to what is known: then it replaces that.
 */
export function catchUp(pages: LetterPages, newest: LetterPage): LetterPages {
  const known = new Set<string>();
  for (const letter of eachLetter(pages)) known.add(letter.id);
  const isJoined = newest.next_cursor === null || newest.items.some((l) => known.has(l.id));
  if (!isJoined) return { pages: [newest], pageParams: [null] };
  return newest.items.reduceRight(putLetter, pages);
}
