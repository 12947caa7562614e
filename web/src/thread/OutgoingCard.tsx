import { useRef } from "react";
import { explainProblem } from "../api/explain";
import { formatSize, formatSpan } from "../i18n/format";
import { useI18n } from "../i18n/I18n";
import { secondsLeft, type Transfer } from "../transfers/machine";
import { cancelTransfer, resumeTransfer, retryTransfer } from "../transfers/store";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { displayName } from "../preview/fileName";

/** A letter on its way: how far it is, or why it is not, and what can be done. */
export function OutgoingCard({ transfer }: { transfer: Transfer }) {
  const { t } = useI18n();
  const { draft, phase } = transfer;
  return (
    <article className="letter letter-own" aria-label={t("letter.to", { name: draft.to.username })}>
      <div className="sheet-of-letter outgoing">
        {draft.text !== "" && (
          <p className="letter-text" dir="auto">
            {draft.text}
          </p>
        )}
        {draft.fileName !== null && (
          <p className="outgoing-file">
            <Icon name="file" />
            <bdi>{displayName(draft.fileName)}</bdi>
          </p>
        )}
        {phase.name === "sending" && draft.fileName !== null && <Progress transfer={transfer} />}
      </div>
      <footer className="letter-foot">
        <span className="letter-fact" role="status">
          <Icon name={phase.name === "failed" ? "warning" : "clock"} size={16} />
          <PhaseWords transfer={transfer} />
        </span>
        <span className="letter-actions">
          <PhaseActions transfer={transfer} />
        </span>
      </footer>
    </article>
  );
}

function PhaseWords({ transfer: { phase } }: { transfer: Transfer }) {
  const { t, locale } = useI18n();
  if (phase.name === "failed") return <>{explainProblem(phase.problem, t, locale)}</>;
  return <>{t(`transfer.${phase.name}`)}</>;
}

function PhaseActions({ transfer }: { transfer: Transfer }) {
  const { t } = useI18n();
  const input = useRef<HTMLInputElement>(null);
  const { id } = transfer.draft;
  const { name } = transfer.phase;
  return (
    <>
      {(name === "failed" || name === "waiting") && (
        <Button look="link" onPress={() => retryTransfer(id)}>
          {t("common.try_again")}
        </Button>
      )}
      {name === "interrupted" && (
        <>
          <Button look="link" onPress={() => input.current?.click()}>
            {t("transfer.choose_again")}
          </Button>
          <input
            ref={input}
            type="file"
            hidden
            onChange={(event) => {
              const file = event.target.files?.[0];
              if (file !== undefined) resumeTransfer(id, file);
            }}
          />
        </>
      )}
      <Button look="link" onPress={() => cancelTransfer(id)}>
        {name === "failed" || name === "interrupted" ? t("transfer.discard") : t("common.cancel")}
      </Button>
    </>
  );
}

function Progress({ transfer: { draft, phase } }: { transfer: Transfer }) {
  const { t, locale } = useI18n();
  if (phase.name !== "sending") return null;
  const sent = Math.min(phase.sentBytes, draft.fileSize);
  const left = secondsLeft(sent, draft.fileSize, phase.bytesPerSecond);
  const words = t("transfer.progress", {
    sent: formatSize(sent, locale),
    total: formatSize(draft.fileSize, locale),
    speed: formatSize(phase.bytesPerSecond, locale),
  });
  return (
    <div className="progress">
      <progress max={Math.max(draft.fileSize, 1)} value={sent} aria-label={t("transfer.sending")} />
      <span className="progress-words">
        {words}
        {left !== null && ` · ${t("transfer.left", { time: formatSpan(left, locale) })}`}
      </span>
    </div>
  );
}
