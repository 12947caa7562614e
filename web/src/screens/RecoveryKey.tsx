import { useState } from "react";
import { Link, Navigate, useNavigate } from "react-router";
import { useSession } from "../app/Session";
import { useTitle } from "../app/useTitle";
import { useI18n } from "../i18n/I18n";
import { EntryPage } from "./EntryPage";
import { KeepKey } from "./KeepKey";
import { pendingRecoveryKey, setPendingRecoveryKey } from "./pending";

/** The key, shown once after the first sign-in. After a reload it is gone: settings make another. */
export default function RecoveryKey() {
  const { t } = useI18n();
  const { isSignedIn } = useSession();
  const navigate = useNavigate();
  const [key] = useState(pendingRecoveryKey);
  useTitle(t("recovery.title"));

  if (!isSignedIn) return <Navigate to="/sign-in" replace />;
  if (key === null) {
    return (
      <EntryPage title={t("recovery.title")} lead={t("recovery.gone")}>
        <Link className="button button-primary" to="/settings">
          {t("recovery.to_settings")}
        </Link>
        <Link to="/">{t("recovery.to_letters")}</Link>
      </EntryPage>
    );
  }
  const finish = () => {
    setPendingRecoveryKey(null);
    void navigate("/", { replace: true });
  };
  return (
    <EntryPage title={t("recovery.title")} lead={t("recovery.lead")}>
      <KeepKey recoveryKey={key} onKept={finish} />
    </EntryPage>
  );
}
