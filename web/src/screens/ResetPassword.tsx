import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { Checkbox } from "react-aria-components/Checkbox";
import { Link, useNavigate } from "react-router";
import { api, body } from "../api/client";
import type { components } from "../api/schema";
import { useTitle } from "../app/useTitle";
import { useI18n } from "../i18n/I18n";
import { Button } from "../ui/Button";
import { CheckMark } from "../ui/CheckMark";
import { Field } from "../ui/Field";
import { Notice, ProblemNotice } from "../ui/Notice";
import { CodeField } from "./CodeField";
import { EntryPage } from "./EntryPage";
import { NewPassword } from "./NewPassword";
import { pendingUsername, setPendingUsername } from "./pending";
import { useRecoveryKeys } from "./serviceConfig";

type ResetFields = components["schemas"]["ResetPassword"];

export default function ResetPassword() {
  const { t } = useI18n();
  const navigate = useNavigate();
  const hasRecoveryKeys = useRecoveryKeys();
  const [username, setUsername] = useState(pendingUsername);
  const [code, setCode] = useState("");
  const [password, setPassword] = useState("");
  const [recoveryKey, setRecoveryKey] = useState("");
  const [acceptsLoss, setAcceptsLoss] = useState(false);
  useTitle(t("reset.title"));

  const reset = useMutation({
    mutationFn: (fields: ResetFields) =>
      body(api.POST("/v1/accounts/reset-password", { body: fields })),
    onSuccess: ({ keys_lost }) => {
      setPendingUsername(username.trim());
      if (!keys_lost) void navigate("/sign-in", { replace: true, state: { note: "reset" } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const fields = { username: username.trim(), code, password };
    const key = recoveryKey.trim();
    reset.mutate(key === "" ? fields : { ...fields, recovery_key: key });
  };

  if (reset.isSuccess) {
    return (
      <EntryPage title={t("reset.done_title")}>
        <Notice>{t("reset.keys_lost")}</Notice>
        <Link className="button button-primary" to="/sign-in" replace>
          {t("sign_up.to_sign_in")}
        </Link>
      </EntryPage>
    );
  }
  const losesLetters = hasRecoveryKeys && recoveryKey.trim() === "";
  return (
    <EntryPage title={t("reset.title")} lead={t("reset.lead")}>
      {reset.error !== null && <ProblemNotice error={reset.error} />}
      <form method="post" onSubmit={submit}>
        <Field
          name="username"
          label={t("sign_up.username")}
          autoComplete="username"
          value={username}
          onChange={setUsername}
          isRequired
        />
        <CodeField value={code} onChange={setCode} />
        <NewPassword
          label={t("reset.password")}
          value={password}
          onChange={setPassword}
          names={[username]}
        />
        {hasRecoveryKeys && (
          <Field
            name="recovery-key"
            label={t("reset.recovery_key")}
            help={t("reset.recovery_key_help")}
            autoComplete="off"
            spellCheck="false"
            value={recoveryKey}
            onChange={setRecoveryKey}
          />
        )}
        {losesLetters && (
          <Checkbox className="check" isRequired isSelected={acceptsLoss} onChange={setAcceptsLoss}>
            <CheckMark />
            {t("reset.accept_loss")}
          </Checkbox>
        )}
        <Button
          type="submit"
          look="primary"
          isPending={reset.isPending}
          isDisabled={losesLetters && !acceptsLoss}
        >
          {t("reset.action")}
        </Button>
      </form>
      <nav className="sheet-links" aria-label={t("sign_in.other_ways")}>
        <Link to="/forgot-password">{t("reset.to_forgot")}</Link>
      </nav>
    </EntryPage>
  );
}
