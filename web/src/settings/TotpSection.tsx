import { useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { api, body } from "../api/client";
import type { components } from "../api/schema";
import { useMe } from "../app/Session";
import { useI18n } from "../i18n/I18n";
import { keys } from "../letters/queries";
import { readForm } from "../screens/form";
import { TotpField } from "../screens/TotpField";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Waiting } from "../ui/Waiting";
import { PasswordQuestion } from "./PasswordQuestion";
import { Section } from "./Section";
import "../screens/keepkey.css";

type TotpSecret = components["schemas"]["TotpSecret"];

const QrCode = lazy(() => import("./QrCode"));

export function TotpSection() {
  const { t } = useI18n();
  const me = useMe();
  const [isAsked, setAsked] = useState(false);
  const close = () => setAsked(false);
  const action = me.totp ? t("totp.turn_off") : t("totp.turn_on");
  return (
    <Section title={t("totp.section")} text={t("totp.text")}>
      {me.totp && <Notice icon="check">{t("totp.is_on")}</Notice>}
      <div>
        <Button onPress={() => setAsked(true)}>{action}</Button>
      </div>
      <Dialog title={t("totp.section")} isOpen={isAsked} onClose={close}>
        {me.totp ? <TurnOff onDone={close} /> : <TurnOn onDone={close} />}
      </Dialog>
    </Section>
  );
}

function useRefreshedMe(onDone: () => void) {
  const client = useQueryClient();
  return () => {
    onDone();
    void client.invalidateQueries({ queryKey: keys.me });
  };
}

function TurnOff({ onDone }: { onDone: () => void }) {
  const { t } = useI18n();
  const end = useMutation({
    mutationFn: (proof: components["schemas"]["Proof"]) =>
      api.DELETE("/v1/me/totp", { body: proof }),
    onSuccess: useRefreshedMe(onDone),
  });
  return (
    <PasswordQuestion
      action={t("totp.turn_off")}
      isPending={end.isPending}
      error={end.error}
      onSubmit={(proof) => end.mutate(proof)}
    />
  );
}

/** The password first, which the confirmation takes once more. */
function TurnOn({ onDone }: { onDone: () => void }) {
  const { t } = useI18n();
  const begin = useMutation({
    mutationFn: (password: string) => body(api.POST("/v1/me/totp", { body: { password } })),
  });
  if (begin.data !== undefined) {
    return <Confirm secret={begin.data} password={begin.variables} onDone={onDone} />;
  }
  return (
    <PasswordQuestion
      action={t("totp.next")}
      isPending={begin.isPending}
      error={begin.error}
      onSubmit={({ password }) => begin.mutate(password)}
    />
  );
}

interface ConfirmProps {
  secret: TotpSecret;
  password: string;
  onDone: () => void;
}

function Confirm({ secret, password, onDone }: ConfirmProps) {
  const { t } = useI18n();
  const confirm = useMutation({
    mutationFn: (totp: string) => api.POST("/v1/me/totp/confirm", { body: { password, totp } }),
    onSuccess: useRefreshedMe(onDone),
  });
  const groups = secret.secret.match(/.{1,4}/g) ?? [];
  return (
    <>
      <p>{t("totp.scan")}</p>
      <Suspense fallback={<Waiting />}>
        <QrCode text={secret.uri} label={t("totp.qr")} />
      </Suspense>
      <p className="key" translate="no">
        {groups.map((group, index) => (
          <span key={index}>{group} </span>
        ))}
      </p>
      <p>
        <a href={secret.uri}>{t("totp.link")}</a>
      </p>
      <Notice icon="warning">{t("totp.lost")}</Notice>
      {confirm.error !== null && <ProblemNotice error={confirm.error} />}
      <form
        method="post"
        onSubmit={(event) => {
          const { totp = "" } = readForm(event);
          confirm.mutate(totp);
        }}
      >
        <TotpField />
        <Button type="submit" look="primary" isPending={confirm.isPending}>
          {t("totp.turn_on")}
        </Button>
      </form>
    </>
  );
}
