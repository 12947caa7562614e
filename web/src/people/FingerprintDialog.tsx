import { useI18n } from "../i18n/I18n";
import type { Person } from "../letters/letter";
import { Dialog } from "../ui/Dialog";
import { ProblemNotice } from "../ui/Notice";
import { Waiting } from "../ui/Waiting";
import { usePersonName } from "./name";
import { usePersonWithKey } from "./usePerson";
import "./fingerprint.css";

/** The fingerprint of somebody's key, for two people to compare over another line. */
export default function FingerprintDialog({
  person,
  onClose,
}: {
  person: Person;
  onClose: () => void;
}) {
  const { t } = useI18n();
  const name = usePersonName(person);
  const found = usePersonWithKey(person.id);
  const mark = found.data?.fingerprint ?? found.data?.key_arn;
  return (
    <Dialog title={t("fingerprint.title")} isOpen onClose={onClose}>
      <p>{t("fingerprint.text", { name })}</p>
      {found.error !== null && <ProblemNotice error={found.error} />}
      {found.isPending && <Waiting />}
      {found.data !== undefined && <p className="fingerprint">{mark ?? t("fingerprint.none")}</p>}
    </Dialog>
  );
}
