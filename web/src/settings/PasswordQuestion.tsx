import { useMe } from "../app/Session";
import { useI18n } from "../i18n/I18n";
import { Button } from "../ui/Button";
import { readForm } from "../screens/form";
import { asksTotp, TotpField } from "../screens/TotpField";
import { PasswordField } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";

export interface PasswordProof {
  password: string;
  totp?: string;
}

interface PasswordQuestionProps {
  action: string;
  look?: "primary" | "danger";
  isPending: boolean;
  error: Error | null;
  onSubmit: (proof: PasswordProof) => void;
}

/** Asks for the password, and the second factor's code, before something that only its owner may do. */
export function PasswordQuestion({
  action,
  look = "primary",
  isPending,
  error,
  onSubmit,
}: PasswordQuestionProps) {
  const { t } = useI18n();
  const me = useMe();
  return (
    <form
      method="post"
      onSubmit={(event) => {
        const { password = "", totp } = readForm(event);
        onSubmit({ password, ...(totp ? { totp } : {}) });
      }}
    >
      {error !== null && <ProblemNotice error={error} />}
      <PasswordField
        name="password"
        label={t("change_password.current")}
        autoComplete="current-password"
        isRequired
      />
      {(me.totp || asksTotp(error)) && <TotpField />}
      <Button type="submit" look={look} isPending={isPending}>
        {action}
      </Button>
    </form>
  );
}
