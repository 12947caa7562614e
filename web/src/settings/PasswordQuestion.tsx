import type { FormEvent } from "react";
import { useState } from "react";
import { useI18n } from "../i18n/I18n";
import { Button } from "../ui/Button";
import { PasswordField } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";

interface PasswordQuestionProps {
  action: string;
  look?: "primary" | "danger";
  isPending: boolean;
  error: Error | null;
  onSubmit: (password: string) => void;
}

/** Asks for the password before something that only its owner may do. */
export function PasswordQuestion({
  action,
  look = "primary",
  isPending,
  error,
  onSubmit,
}: PasswordQuestionProps) {
  const { t } = useI18n();
  const [password, setPassword] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit(password);
  };
  return (
    <form method="post" onSubmit={submit}>
      {error !== null && <ProblemNotice error={error} />}
      <PasswordField
        name="password"
        label={t("change_password.current")}
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
        isRequired
      />
      <Button type="submit" look={look} isPending={isPending}>
        {action}
      </Button>
    </form>
  );
}
