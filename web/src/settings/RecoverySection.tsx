import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../api/client";
import { useMe } from "../app/Session";
import { useI18n } from "../i18n/I18n";
import { keys } from "../letters/queries";
import { KeepKey } from "../screens/KeepKey";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Notice } from "../ui/Notice";
import { PasswordQuestion, type PasswordProof } from "./PasswordQuestion";
import { Section } from "./Section";

export function RecoverySection() {
  const { t } = useI18n();
  const me = useMe();
  const client = useQueryClient();
  const [isAsked, setAsked] = useState(false);
  const reissue = useMutation({
    mutationFn: (proof: PasswordProof) => body(api.POST("/v1/me/recovery-key", { body: proof })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.me }),
  });
  const close = () => {
    setAsked(false);
    reissue.reset();
  };
  const key = reissue.data?.recovery_key;
  return (
    <Section title={t("recovery.section")} text={t("recovery.section_text")}>
      {!me.recovery_key_set && <Notice icon="warning">{t("recovery.not_set")}</Notice>}
      <div>
        <Button onPress={() => setAsked(true)}>{t("recovery.reissue")}</Button>
      </div>
      <Dialog title={t("recovery.reissue")} isOpen={isAsked} onClose={close}>
        {key === undefined ? (
          <>
            <p>{t("recovery.reissue_text")}</p>
            <PasswordQuestion
              action={t("recovery.reissue_action")}
              isPending={reissue.isPending}
              error={reissue.error}
              onSubmit={(proof) => reissue.mutate(proof)}
            />
          </>
        ) : (
          <KeepKey recoveryKey={key} onKept={close} />
        )}
      </Dialog>
    </Section>
  );
}
