import { Link } from "react-router";
import { useMe } from "../app/Session";
import { useTitle } from "../app/useTitle";
import { formatSize } from "../i18n/format";
import { useI18n } from "../i18n/I18n";
import { useUnread } from "../letters/queries";
import { usePersonWithKey } from "../people/usePerson";
import { useRecoveryKeys } from "../screens/serviceConfig";
import { Icon } from "../ui/Icon";
import { Appearance } from "./Appearance";
import { EraseAccount } from "./EraseAccount";
import { ExportData } from "./ExportData";
import { PasswordSection } from "./PasswordSection";
import { RecoverySection } from "./RecoverySection";
import { Section } from "./Section";
import { SessionList } from "./SessionList";
import { SignOut } from "./SignOut";
import { TotpSection } from "./TotpSection";
import "./settings.css";

export default function Settings() {
  const { t, locale } = useI18n();
  const me = useMe();
  const hasRecoveryKeys = useRecoveryKeys();
  const unread = useUnread();
  useTitle(t("settings.title"), unread.data?.count ?? me.unread);
  const key = usePersonWithKey(me.id).data;
  const mark = key?.fingerprint ?? key?.key_arn;
  const { used_bytes: used, limit_bytes: limit } = me.quota;
  const spaceUsed = t("settings.space_used", {
    used: formatSize(used, locale),
    limit: formatSize(limit, locale),
  });
  return (
    <main className="settings">
      <header className="settings-head">
        <Link className="button button-icon" to="/" aria-label={t("settings.back")}>
          <Icon name="back" />
        </Link>
        <h1>{t("settings.title")}</h1>
        <SignOut />
      </header>
      <Section title={t("settings.account")}>
        <dl className="facts">
          <dt>{t("sign_up.username")}</dt>
          <dd>{me.username}</dd>
          <dt>{t("sign_up.email")}</dt>
          <dd>{me.email}</dd>
          {mark !== undefined && (
            <>
              <dt>{t("settings.fingerprint")}</dt>
              <dd className="facts-code">{mark}</dd>
            </>
          )}
          <dt>{t("settings.space")}</dt>
          <dd>
            <meter min={0} max={limit} value={used} aria-label={t("settings.space")}>
              {spaceUsed}
            </meter>
            <span>{spaceUsed}</span>
          </dd>
        </dl>
      </Section>
      <Appearance />
      <SessionList />
      <PasswordSection />
      <TotpSection />
      {hasRecoveryKeys && <RecoverySection />}
      <ExportData />
      <EraseAccount />
    </main>
  );
}
