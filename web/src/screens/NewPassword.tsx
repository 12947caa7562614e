import { useI18n } from "../i18n/I18n";
import { PasswordField } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { checkPassword } from "./password";
import { useServiceConfig } from "./serviceConfig";
import "./newpassword.css";

interface NewPasswordProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** The username and e-mail address, which a password must not resemble. */
  names: readonly string[];
  error?: string | undefined;
}

/** A new password with its rules, shown from the start, and how strong it is. */
export function NewPassword({ label, value, onChange, names, error }: NewPasswordProps) {
  const { t } = useI18n();
  const { password_rules: rules } = useServiceConfig();
  const checks = checkPassword(value, names, rules.min_length);
  return (
    <>
      <PasswordField
        name="new-password"
        label={label}
        autoComplete="new-password"
        isRequired
        maxLength={rules.max_length}
        value={value}
        onChange={onChange}
        error={error}
      />
      <div className="strength">
        <meter min={0} max={4} value={checks.score} aria-label={t("password.strength")} />
        <span aria-live="polite">
          {value === "" ? t("password.advice") : t(`password.${checks.strength}`)}
        </span>
      </div>
      <ul className="rules">
        <Rule
          isMet={checks.isLongEnough}
          text={t("password.rule_length", { count: rules.min_length })}
        />
        <Rule isMet={checks.isUnlikeNames} text={t("password.rule_names")} />
      </ul>
    </>
  );
}

function Rule({ isMet, text }: { isMet: boolean; text: string }) {
  const { t } = useI18n();
  return (
    <li data-met={isMet || undefined}>
      <Icon name="check" size={16} />
      {text}
      <span className="visually-hidden">
        {isMet ? t("password.rule_met") : t("password.rule_not_met")}
      </span>
    </li>
  );
}
