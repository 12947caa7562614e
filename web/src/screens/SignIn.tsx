import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link, Navigate, useLocation, useNavigate } from "react-router";
import { api, body } from "../api/client";
import { Problem } from "../api/problem";
import { useSession, type Arrival } from "../app/Session";
import { useTitle } from "../app/useTitle";
import { useI18n } from "../i18n/I18n";
import { Button } from "../ui/Button";
import { Field, PasswordField } from "../ui/Field";
import { Notice, ProblemNotice } from "../ui/Notice";
import { clientName } from "./clientName";
import { EntryPage } from "./EntryPage";
import { readForm } from "./form";
import { pendingUsername, setPendingRecoveryKey, setPendingUsername } from "./pending";
import { asksTotp, TotpField } from "./TotpField";

export default function SignIn() {
  const { t } = useI18n();
  const { isSignedIn, farewell, enter } = useSession();
  const navigate = useNavigate();
  const [isTotpAsked, setTotpAsked] = useState(false);
  const arrival = (useLocation().state ?? {}) as Arrival;
  const note = arrival.note ?? farewell?.note;
  useTitle(t("sign_in.title"));

  const signIn = useMutation({
    mutationFn: (login: { login: string; password: string; totp?: string }) =>
      body(
        api.POST("/v1/sessions", { body: { ...login, client: clientName(navigator.userAgent) } }),
      ),
    onSuccess: ({ recovery_key }) => {
      setPendingRecoveryKey(recovery_key ?? null);
      enter();
      void navigate(recovery_key === undefined ? (arrival.from ?? "/") : "/recovery-key", {
        replace: true,
      });
    },
    onError: (error, { login }) => {
      if (asksTotp(error)) setTotpAsked(true);
      if (!(error instanceof Problem && error.code === "unconfirmed")) return;
      setPendingUsername(login.includes("@") ? "" : login);
      void navigate("/verify");
    },
  });

  if (isSignedIn && !signIn.isPending && !signIn.isSuccess) {
    return <Navigate to={arrival.from ?? "/"} replace />;
  }
  const isFirstAsked = signIn.error instanceof Problem && signIn.error.code === "totp_required";
  return (
    <EntryPage title={t("sign_in.title")} lead={t("sign_in.lead")}>
      {note !== undefined && <Notice icon="check">{t(`sign_in.note_${note}`)}</Notice>}
      {isFirstAsked && <Notice>{t("totp.asked")}</Notice>}
      {signIn.error !== null && !isFirstAsked && <ProblemNotice error={signIn.error} />}
      <form
        method="post"
        onSubmit={(event) => {
          const { login = "", password = "", totp } = readForm(event);
          signIn.mutate({ login: login.trim(), password, ...(totp ? { totp } : {}) });
        }}
      >
        <Field
          name="login"
          label={t("sign_in.login")}
          autoComplete="username"
          spellCheck="false"
          defaultValue={pendingUsername()}
          isRequired
        />
        <PasswordField
          name="password"
          label={t("sign_in.password")}
          autoComplete="current-password"
          isRequired
        />
        {isTotpAsked && <TotpField autoFocus />}
        <Button type="submit" look="primary" isPending={signIn.isPending}>
          {signIn.isPending ? t("sign_in.pending") : t("sign_in.action")}
        </Button>
      </form>
      <nav className="sheet-links" aria-label={t("sign_in.other_ways")}>
        <Link to="/sign-up">{t("sign_in.to_sign_up")}</Link>
        <Link to="/forgot-password">{t("sign_in.to_forgot")}</Link>
      </nav>
    </EntryPage>
  );
}
