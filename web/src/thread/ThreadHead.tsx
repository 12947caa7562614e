import { lazy, Suspense, useState } from "react";
import { ToggleButton } from "react-aria-components/ToggleButton";
import { Link } from "react-router";
import { useI18n } from "../i18n/I18n";
import type { Person } from "../letters/letter";
import { usePersonName } from "../people/name";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Initial } from "../ui/Initial";
import { setKeepOpened, useOpened } from "./opened";

const FingerprintDialog = lazy(() => import("../people/FingerprintDialog"));

/** On a narrow screen the list that had the focus is gone: it goes to the thread's name. */
function focusWhereItIsAlone(heading: HTMLElement | null): void {
  if (globalThis.matchMedia("(max-width: 899px)").matches) heading?.focus();
}

export function ThreadHead({ person }: { person: Person }) {
  const { t } = useI18n();
  const name = usePersonName(person);
  const { keepOpened } = useOpened();
  const [isAsked, setAsked] = useState(false);
  return (
    <header className="thread-head">
      <Link className="button button-icon thread-back" to="/" aria-label={t("thread.back")}>
        <Icon name="back" />
      </Link>
      <Initial name={name} />
      <h2 ref={focusWhereItIsAlone} tabIndex={-1}>
        <bdi>{name}</bdi>
      </h2>
      <ToggleButton
        className="button button-icon"
        aria-label={t("thread.keep_opened")}
        isSelected={keepOpened}
        onChange={setKeepOpened}
      >
        <Icon name={keepOpened ? "letter_open" : "letter"} />
      </ToggleButton>
      <Button look="icon" aria-label={t("fingerprint.title")} onPress={() => setAsked(true)}>
        <Icon name="shield" />
      </Button>
      {isAsked && (
        <Suspense>
          <FingerprintDialog person={person} onClose={() => setAsked(false)} />
        </Suspense>
      )}
    </header>
  );
}
