import { Link } from "react-router";
import { useTitle } from "../app/useTitle";
import { useI18n } from "../i18n/I18n";
import { EntryPage } from "./EntryPage";

export default function NotFound() {
  const { t } = useI18n();
  useTitle(t("not_found.title"));
  return (
    <EntryPage title={t("not_found.title")} lead={t("not_found.lead")}>
      <Link className="button button-primary" to="/">
        {t("recovery.to_letters")}
      </Link>
    </EntryPage>
  );
}
