import { Button } from "react-aria-components/Button";
import { formatDateTime, formatSize } from "../i18n/format";
import { useI18n } from "../i18n/I18n";
import type { Letter, SealState } from "../letters/letter";
import { usePersonName } from "../people/name";
import { initialOf } from "../ui/Initial";
import { Seal } from "../ui/Seal";
import "./envelope.css";

interface SealedLetterProps {
  letter: Letter;
  state: SealState;
  /** It was asked for: the seal breaks while the text comes. */
  isBreaking: boolean;
  onOpen: () => void;
}

/** The envelope. One press, or Enter, opens it. */
export function SealedLetter({ letter, state, isBreaking, onOpen }: SealedLetterProps) {
  const { t, locale } = useI18n();
  const sender = usePersonName(letter.from);
  const size = formatSize(letter.size, locale);
  const when = formatDateTime(new Date(letter.sent_at), locale);
  const hasSeal = state === "sealed" || state === "no_copy";
  return (
    <Button
      className={`envelope ${isBreaking ? "seal-broken" : ""} ${hasSeal ? "" : "envelope-light"}`}
      isDisabled={state === "no_copy"}
      onPress={onOpen}
    >
      <span className="envelope-flap" aria-hidden="true" />
      {hasSeal && <Seal letter={initialOf(sender)} />}
      <span className="envelope-words">
        {state !== "no_copy" && <span className="visually-hidden">{t("letter.open_label")} </span>}
        <strong>
          <bdi>{sender}</bdi>
        </strong>
        <span>{isBreaking ? t("letter.opening") : t(`letter.state_${state}`)}</span>
        <span>{size}</span>
        <time className="visually-hidden" dateTime={letter.sent_at}>
          {when}
        </time>
      </span>
    </Button>
  );
}
