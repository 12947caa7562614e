import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api } from "../api/client";
import { useMe } from "../app/Session";
import { useI18n } from "../i18n/I18n";
import { keys } from "../letters/queries";
import { readForm } from "../screens/form";
import { NewPassword } from "../screens/NewPassword";
import { asksTotp, TotpField } from "../screens/TotpField";
import { Button } from "../ui/Button";
import { PasswordField } from "../ui/Field";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Section } from "./Section";

export function PasswordSection() {
  const { t } = useI18n();
  const me = useMe();
  const client = useQueryClient();
  const [oldPassword, setOldPassword] = useState("");
  const [newPassword, setNewPassword] = useState("");
  const change = useMutation({
    mutationFn: (totp: string | undefined) =>
      api.POST("/v1/me/password", {
        body: {
          old_password: oldPassword,
          new_password: newPassword,
          ...(totp ? { totp } : {}),
        },
      }),
    onSuccess: async () => {
      setOldPassword("");
      setNewPassword("");
      await client.invalidateQueries({ queryKey: keys.sessions });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => change.mutate(readForm(event).totp);
  return (
    <Section title={t("change_password.title")} text={t("change_password.text")}>
      {change.isSuccess && <Notice icon="check">{t("change_password.done")}</Notice>}
      {change.error !== null && <ProblemNotice error={change.error} />}
      <form method="post" onSubmit={submit}>
        <input type="hidden" name="username" autoComplete="username" value={me.username} readOnly />
        <PasswordField
          name="current-password"
          label={t("change_password.current")}
          autoComplete="current-password"
          value={oldPassword}
          onChange={setOldPassword}
          isRequired
        />
        <NewPassword
          label={t("reset.password")}
          value={newPassword}
          onChange={setNewPassword}
          names={[me.username, me.email]}
        />
        {(me.totp || asksTotp(change.error)) && <TotpField />}
        <Button type="submit" look="primary" isPending={change.isPending}>
          {t("change_password.action")}
        </Button>
      </form>
    </Section>
  );
}
