import { useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useMe } from "../app/Session";
import { formatDateTime, formatTime } from "../i18n/format";
import { useI18n } from "../i18n/I18n";
import { deleteLetter } from "../letters/actions";
import { isOwn, type Letter } from "../letters/letter";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";

const ConfirmDialog = lazy(() => import("../ui/ConfirmDialog"));

interface LetterFootProps {
  letter: Letter;
  onFold: (() => void) | undefined;
}

/** When a letter was sent, what became of it, and what can be done with it. */
export function LetterFoot({ letter, onFold }: LetterFootProps) {
  const { t, locale } = useI18n();
  const me = useMe();
  const own = isOwn(letter, me.id);
  const sentAt = new Date(letter.sent_at);
  return (
    <footer className="letter-foot">
      <time dateTime={letter.sent_at} title={formatDateTime(sentAt, locale)}>
        {formatTime(sentAt, locale)}
      </time>
      {own ? <SentState letter={letter} /> : <SenderProof letter={letter} />}
      {letter.expires_at !== null && (
        <span className="letter-fact">
          <Icon name="clock" size={16} />
          {t("letter.expires", { when: formatDateTime(new Date(letter.expires_at), locale) })}
        </span>
      )}
      <span className="letter-actions">
        {onFold !== undefined && (
          <Button look="icon" aria-label={t("letter.fold")} onPress={onFold}>
            <Icon name="letter" size={18} />
          </Button>
        )}
        {(!own || letter.read_at === null) && <DeleteButton letter={letter} own={own} />}
      </span>
    </footer>
  );
}

function SentState({ letter }: { letter: Letter }) {
  const { t, locale } = useI18n();
  if (letter.read_at === null) {
    return (
      <span className="letter-fact">
        <Icon name="letter" size={16} />
        {t("letter.delivered")}
      </span>
    );
  }
  const readAt = new Date(letter.read_at);
  return (
    <span className="letter-fact" title={formatDateTime(readAt, locale)}>
      <Icon name="letter_open" size={16} />
      {t("letter.read_at", { when: formatTime(readAt, locale) })}
    </span>
  );
}

function SenderProof({ letter }: { letter: Letter }) {
  const { t } = useI18n();
  return (
    <span className="letter-fact">
      <Icon name={letter.sender_verified ? "shield" : "unverified"} size={16} />
      {letter.sender_verified ? t("letter.verified") : t("letter.unverified")}
    </span>
  );
}

function DeleteButton({ letter, own }: { letter: Letter; own: boolean }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const [isAsked, setAsked] = useState(false);
  const remove = useMutation({ mutationFn: () => deleteLetter(client, letter.id) });
  return (
    <>
      <Button look="icon" aria-label={t("letter.delete")} onPress={() => setAsked(true)}>
        <Icon name="trash" size={18} />
      </Button>
      {isAsked && (
        <Suspense>
          <ConfirmDialog
            title={t("letter.delete_title")}
            text={own ? t("letter.delete_own") : t("letter.delete_received")}
            action={t("letter.delete")}
            isPending={remove.isPending}
            error={remove.error}
            onConfirm={() => remove.mutate()}
            onClose={() => setAsked(false)}
          />
        </Suspense>
      )}
    </>
  );
}
