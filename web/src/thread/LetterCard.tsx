import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Problem } from "../api/problem";
import { useMe } from "../app/Session";
import { useI18n } from "../i18n/I18n";
import { confirmRead, dropFromLists } from "../letters/actions";
import { isOwn, otherSide, sealState, type Letter } from "../letters/letter";
import { useManifest } from "../letters/queries";
import { usePersonName } from "../people/name";
import { Button } from "../ui/Button";
import { ProblemNotice } from "../ui/Notice";
import { LetterFoot } from "./LetterFoot";
import { foldLetter, isOpen, openLetter, useOpened } from "./opened";
import { OpenedLetter } from "./OpenedLetter";
import { SealedLetter } from "./SealedLetter";
import { useSettled } from "./useSettled";
import "./letter.css";

/** One letter of a thread: sealed until it is opened. */
export function LetterCard({ letter }: { letter: Letter }) {
  const { t } = useI18n();
  const me = useMe();
  const client = useQueryClient();
  const opened = useOpened();
  const isSettled = useSettled();
  const [wasPressed, setPressed] = useState(false);
  const card = useRef<HTMLElement>(null);

  const own = isOwn(letter, me.id);
  const name = usePersonName(otherSide(letter, me.id));
  const state = sealState(letter, me.id);
  const mayOpen = state !== "sealed" && state !== "no_copy";
  const isWanted = state !== "no_copy" && isOpen(opened, letter.id, mayOpen);
  const manifest = useManifest(letter.id, isWanted && (isSettled || wasPressed));
  const isUnfolded = isWanted && manifest.data !== undefined;

  const needsConfirming = isUnfolded && state === "sealed";
  useEffect(() => {
    if (!needsConfirming) return;
    confirmRead(client, letter.id).catch(() => {
      // The letter stays unread on the server; it is confirmed when it is opened next.
    });
  }, [needsConfirming, client, letter.id]);

  const isGone = manifest.error instanceof Problem && manifest.error.code === "not_found";
  useEffect(() => {
    if (isGone) dropFromLists(client, letter.id);
  }, [isGone, client, letter.id]);

  useEffect(() => {
    if (isUnfolded && wasPressed) card.current?.focus();
  }, [isUnfolded, wasPressed]);

  const open = () => {
    setPressed(true);
    openLetter(letter.id);
  };
  const fold = () => {
    setPressed(false);
    foldLetter(letter.id);
  };
  return (
    <article
      ref={card}
      tabIndex={-1}
      className={`letter ${own ? "letter-own" : "letter-received"}`}
      aria-label={t(own ? "letter.to" : "letter.from", { name })}
    >
      {isUnfolded ? (
        <OpenedLetter letter={letter} manifest={manifest.data} isFresh={wasPressed} />
      ) : (
        <SealedLetter
          letter={letter}
          state={state}
          isBreaking={isWanted && !manifest.isError}
          onOpen={open}
        />
      )}
      {isWanted && manifest.error !== null && !isGone && (
        <ProblemNotice error={manifest.error}>
          <Button look="link" onPress={() => void manifest.refetch()}>
            {t("common.try_again")}
          </Button>
        </ProblemNotice>
      )}
      <LetterFoot letter={letter} onFold={isUnfolded ? fold : undefined} />
    </article>
  );
}
