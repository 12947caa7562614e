import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { Link, useNavigate } from "react-router";
import { api } from "../api/client";
import { useTitle } from "../app/useTitle";
import { useI18n } from "../i18n/I18n";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Notice, ProblemNotice } from "../ui/Notice";
import { CODE_LENGTH, CodeField } from "./CodeField";
import { EntryPage } from "./EntryPage";
import { pendingDestination, pendingUsername, setPendingUsername } from "./pending";
import { ResendCode } from "./ResendCode";
import { useServiceConfig } from "./serviceConfig";

export default function Verify() {
  const { t } = useI18n();
  const navigate = useNavigate();
  const { mail } = useServiceConfig();
  const [known] = useState(pendingUsername);
  const [username, setUsername] = useState(known);
  const [code, setCode] = useState("");
  useTitle(t("verify.title"));

  const confirm = useMutation({
    mutationFn: (entered: string) =>
      api.POST("/v1/accounts/confirm", { body: { username: username.trim(), code: entered } }),
    onSuccess: () => {
      setPendingUsername(username.trim());
      void navigate("/sign-in", { replace: true, state: { note: "confirmed" } });
    },
    onError: () => setCode(""),
  });
  const enter = (entered: string) => {
    setCode(entered);
    if (entered.length === CODE_LENGTH && username !== "") confirm.mutate(entered);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate(code);
  };
  const destination = pendingDestination();

  return (
    <EntryPage
      title={t("verify.title")}
      lead={destination === "" ? t("verify.lead") : t("verify.lead_to", { destination })}
    >
      {mail === "outbox" && <Notice>{t("verify.outbox")}</Notice>}
      {confirm.error !== null && <ProblemNotice error={confirm.error} />}
      <form method="post" onSubmit={submit}>
        {known === "" && (
          <Field
            name="username"
            label={t("sign_up.username")}
            autoComplete="username"
            value={username}
            onChange={setUsername}
            isRequired
          />
        )}
        <CodeField value={code} onChange={enter} isDisabled={confirm.isPending} />
        <Button type="submit" look="primary" isPending={confirm.isPending}>
          {t("verify.action")}
        </Button>
      </form>
      <div className="sheet-links">
        <ResendCode username={username.trim()} />
        <Link to="/sign-in">{t("sign_up.to_sign_in")}</Link>
      </div>
    </EntryPage>
  );
}
