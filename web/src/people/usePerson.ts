import { useQuery } from "@tanstack/react-query";
import { api, body } from "../api/client";
import { Problem } from "../api/problem";
import { useMe } from "../app/Session";
import { otherSide, type Person } from "../letters/letter";
import { eachLetter, type LetterPages } from "../letters/pages";
import { keys } from "../letters/queries";

interface FoundPerson {
  person: Person | null;
  error: Error | null;
  /** The account was erased: its letters can be read, nothing can be sent. */
  isGone: boolean;
}

/** The person of a conversation, from the server or, for an erased account, from its letters. */
export function usePerson(personId: string, pages: LetterPages | undefined): FoundPerson {
  const me = useMe();
  const found = usePersonWithKey(personId);
  const isMissing = found.error instanceof Problem && found.error.code === "not_found";
  const [letter] = eachLetter(pages);
  const known = letter === undefined ? null : otherSide(letter, me.id);
  if (isMissing && pages !== undefined) {
    return { person: known, error: known === null ? found.error : null, isGone: true };
  }
  return { person: found.data ?? known, error: isMissing ? null : found.error, isGone: false };
}

export function usePersonWithKey(personId: string) {
  return useQuery({
    queryKey: keys.person(personId),
    queryFn: () => body(api.GET("/v1/people/{id}", { params: { path: { id: personId } } })),
    staleTime: 60_000,
  });
}
