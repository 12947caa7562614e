import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { api, body } from "../api/client";
import { explainProblem } from "../api/explain";
import { asProblem } from "../api/problem";
import type { components } from "../api/schema";
import { useTitle } from "../app/useTitle";
import { useI18n } from "../i18n/I18n";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Notice, ProblemNotice } from "../ui/Notice";
import { EntryPage } from "./EntryPage";
import { readForm } from "./form";
import { NewPassword } from "./NewPassword";
import { setPendingUsername } from "./pending";
import { useServiceConfig } from "./serviceConfig";

type SignUpFields = components["schemas"]["SignUp"];
type FieldName = "username" | "email" | "password" | "invite";

/** Which field a refusal is about. */
const fieldOfCode: Record<string, FieldName> = {
  invalid_username: "username",
  username_taken: "username",
  invalid_email: "email",
  domain_not_allowed: "email",
  weak_password: "password",
  invite_required: "invite",
};

export default function SignUp() {
  const { t, locale } = useI18n();
  const config = useServiceConfig();
  const navigate = useNavigate();
  const [username, setUsername] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  useTitle(t("sign_up.title"));

  const signUp = useMutation({
    mutationFn: (fields: SignUpFields) => body(api.POST("/v1/accounts", { body: fields })),
    onSuccess: ({ delivery }, fields) => {
      setPendingUsername(fields.username, delivery.destination);
      void navigate("/verify");
    },
  });
  const problem = signUp.error === null ? null : asProblem(signUp.error);
  const faulty = problem === null ? undefined : fieldOfCode[problem.code];
  const errorOf = (field: FieldName) =>
    problem !== null && faulty === field ? explainProblem(problem, t, locale) : undefined;
  const isElsewhere = problem !== null && faulty === undefined;

  if (config.sign_up === "closed") {
    return (
      <EntryPage title={t("sign_up.title")}>
        <Notice>{t("problem.sign_up_closed")}</Notice>
        <Link to="/sign-in">{t("sign_up.to_sign_in")}</Link>
      </EntryPage>
    );
  }
  return (
    <EntryPage title={t("sign_up.title")} lead={t("sign_up.lead")}>
      {isElsewhere && <ProblemNotice error={problem} />}
      <form
        method="post"
        onSubmit={(event) => {
          const { invite } = readForm(event);
          const fields = { username: username.trim().toLowerCase(), email: email.trim(), password };
          signUp.mutate(invite === undefined ? fields : { ...fields, invite: invite.trim() });
        }}
      >
        <Field
          name="username"
          label={t("sign_up.username")}
          help={t("sign_up.username_help")}
          error={errorOf("username")}
          autoComplete="username"
          spellCheck="false"
          maxLength={32}
          value={username}
          onChange={setUsername}
          isRequired
        />
        <Field
          name="email"
          type="email"
          label={t("sign_up.email")}
          help={emailHelp(config.sign_up_domains, t("sign_up.email_help"), (domains) =>
            t("sign_up.email_domains", { domains }),
          )}
          error={errorOf("email")}
          autoComplete="email"
          value={email}
          onChange={setEmail}
          isRequired
        />
        <NewPassword
          label={t("sign_up.password")}
          value={password}
          onChange={setPassword}
          names={[username, email]}
          error={errorOf("password")}
        />
        {config.sign_up === "invite" && (
          <Field
            name="invite"
            label={t("sign_up.invite")}
            help={t("sign_up.invite_help")}
            error={errorOf("invite")}
            isRequired
          />
        )}
        <Button type="submit" look="primary" isPending={signUp.isPending}>
          {t("sign_up.action")}
        </Button>
      </form>
      <nav className="sheet-links" aria-label={t("sign_in.other_ways")}>
        <Link to="/sign-in">{t("sign_up.to_sign_in")}</Link>
      </nav>
    </EntryPage>
  );
}

function emailHelp(
  domains: readonly string[],
  general: string,
  limited: (list: string) => string,
): string {
  return domains.length === 0 ? general : limited(domains.join(", "));
}
