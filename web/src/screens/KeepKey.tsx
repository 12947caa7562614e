import { useEffect, useState, type FormEvent } from "react";
import { useI18n } from "../i18n/I18n";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { isLastGroup } from "./recoveryKey";
import "./keepkey.css";

/** A recovery key to print or copy, and the proof that it was kept: its last group, typed in. */
export function KeepKey({ recoveryKey, onKept }: { recoveryKey: string; onKept: () => void }) {
  const { t } = useI18n();
  const [typed, setTyped] = useState("");
  const [isWrong, setWrong] = useState(false);
  const [isCopied, setCopied] = useState(false);

  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    globalThis.addEventListener("beforeunload", warn);
    return () => globalThis.removeEventListener("beforeunload", warn);
  }, []);

  const copy = () => {
    navigator.clipboard.writeText(recoveryKey).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isLastGroup(recoveryKey, typed)) onKept();
    else setWrong(true);
  };
  return (
    <>
      <div className="printed">
        <h2 className="print-only">{t("recovery.print_title", { host: location.host })}</h2>
        <p className="key" translate="no">
          {recoveryKey.split("-").map((group, index) => (
            <span key={index}>{group} </span>
          ))}
        </p>
        <p className="print-only">{t("recovery.print_note")}</p>
      </div>
      <div className="key-actions">
        <Button onPress={() => globalThis.print()}>
          <Icon name="print" />
          {t("recovery.print")}
        </Button>
        <Button onPress={copy} isDisabled={!globalThis.isSecureContext}>
          <Icon name={isCopied ? "check" : "copy"} />
          <span aria-live="polite">{isCopied ? t("recovery.copied") : t("recovery.copy")}</span>
        </Button>
      </div>
      <form onSubmit={submit}>
        <Field
          name="last-group"
          label={t("recovery.check")}
          help={t("recovery.check_help")}
          error={isWrong ? t("recovery.check_wrong") : undefined}
          autoComplete="off"
          spellCheck="false"
          value={typed}
          onChange={(text) => {
            setTyped(text);
            setWrong(false);
          }}
          isRequired
        />
        <Button type="submit" look="primary">
          {t("recovery.kept")}
        </Button>
      </form>
    </>
  );
}
