import { lazy, Suspense, useState } from "react";
import { useI18n } from "../i18n/I18n";
import type { Letter, Manifest } from "../letters/letter";
import { Button } from "../ui/Button";
import { Waiting } from "../ui/Waiting";
import { splitLinks } from "./links";

const Attachment = lazy(() => import("../preview/Attachment"));

/** Longer letters show this much at first. */
const SHORT_TEXT = 4000;

interface OpenedLetterProps {
  letter: Letter;
  manifest: Manifest;
  /** It was opened just now, by hand: it unfolds. */
  isFresh: boolean;
}

export function OpenedLetter({ letter, manifest, isFresh }: OpenedLetterProps) {
  const { text, file } = manifest;
  return (
    <div className={`sheet-of-letter ${isFresh ? "unfolding" : ""}`}>
      {text !== undefined && text !== "" && <LetterText text={text} />}
      {file !== undefined && (
        <Suspense fallback={<Waiting />}>
          <Attachment letterId={letter.id} file={file} />
        </Suspense>
      )}
    </div>
  );
}

function LetterText({ text }: { text: string }) {
  const { t } = useI18n();
  const [isWhole, setWhole] = useState(text.length <= SHORT_TEXT);
  const shown = isWhole ? text : text.slice(0, SHORT_TEXT);
  return (
    <>
      <p className="letter-text" dir="auto">
        {splitLinks(shown).map((part, index) =>
          part.href === null ? (
            part.text
          ) : (
            <a key={index} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
              {part.text}
            </a>
          ),
        )}
      </p>
      {!isWhole && (
        <Button look="link" onPress={() => setWhole(true)}>
          {t("letter.show_whole")}
        </Button>
      )}
    </>
  );
}
