import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { showLetter } from "../letters/actions";
import { hasFilesOnTheWay, onSent, resumeOutbox } from "./store";

/** Ties the letters on their way to the screens: sent ones appear, a reload asks before it drops files. */
export function useOutgoing(): void {
  const client = useQueryClient();
  useEffect(() => onSent((draft, letter) => showLetter(client, letter, draft.to.id)), [client]);
  useEffect(() => {
    resumeOutbox();
    const warn = (event: BeforeUnloadEvent) => {
      if (hasFilesOnTheWay()) event.preventDefault();
    };
    globalThis.addEventListener("beforeunload", warn);
    return () => globalThis.removeEventListener("beforeunload", warn);
  }, []);
}
