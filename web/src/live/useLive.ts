import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { components } from "../api/schema";
import { showLetter, showRead } from "../letters/actions";
import { otherSide, type Letter } from "../letters/letter";
import { catchUpLists, keys } from "../letters/queries";
import { followEvents } from "./stream";

/** Keeps unread counts, lists and threads current while somebody is signed in. */
export function useLive(myId: string): void {
  const client = useQueryClient();

  useEffect(() => {
    const stop = new AbortController();
    const onEvent = (event: string, data: string) => {
      const content: unknown = JSON.parse(data);
      if (event === "letter") {
        const letter = content as Letter;
        showLetter(client, letter, otherSide(letter, myId).id);
      } else if (event === "read") {
        const { id, read_at } = content as components["schemas"]["EventRead"];
        showRead(client, id, read_at);
      }
      if (event !== "read") void client.invalidateQueries({ queryKey: keys.unread });
    };
    const onGap = () => {
      catchUpLists(client).catch(() => {
        // Still no network: the next gap tries again.
      });
    };
    followEvents({ onEvent, onGap }, stop.signal);
    return () => stop.abort();
  }, [client, myId]);
}
