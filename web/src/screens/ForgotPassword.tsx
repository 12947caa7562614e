import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "react-router";
import { api } from "../api/client";
import { useTitle } from "../app/useTitle";
import { useI18n } from "../i18n/I18n";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";
import { EntryPage } from "./EntryPage";
import { readForm } from "./form";
import { pendingUsername, setPendingUsername } from "./pending";

export default function ForgotPassword() {
  const { t } = useI18n();
  const navigate = useNavigate();
  useTitle(t("forgot.title"));

  const ask = useMutation({
    mutationFn: (login: string) => api.POST("/v1/accounts/forgot-password", { body: { login } }),
    onSuccess: (_, login) => {
      setPendingUsername(login.includes("@") ? "" : login);
      void navigate("/reset-password");
    },
  });
  return (
    <EntryPage title={t("forgot.title")} lead={t("forgot.lead")}>
      {ask.error !== null && <ProblemNotice error={ask.error} />}
      <form method="post" onSubmit={(event) => ask.mutate((readForm(event)["login"] ?? "").trim())}>
        <Field
          name="login"
          label={t("sign_in.login")}
          autoComplete="username"
          defaultValue={pendingUsername()}
          isRequired
        />
        <Button type="submit" look="primary" isPending={ask.isPending}>
          {t("forgot.action")}
        </Button>
      </form>
      <nav className="sheet-links" aria-label={t("sign_in.other_ways")}>
        <Link to="/sign-in">{t("sign_up.to_sign_in")}</Link>
        <Link to="/reset-password">{t("forgot.have_code")}</Link>
      </nav>
    </EntryPage>
  );
}
