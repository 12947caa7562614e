import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api/client";
import { useMe, useSession } from "../app/Session";
import { useI18n } from "../i18n/I18n";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Notice } from "../ui/Notice";
import { PasswordQuestion, type PasswordProof } from "./PasswordQuestion";
import { Section } from "./Section";

export function EraseAccount() {
  const { t } = useI18n();
  const me = useMe();
  const { leave } = useSession();
  const [isAsked, setAsked] = useState(false);
  const erase = useMutation({
    mutationFn: (proof: PasswordProof) => api.DELETE("/v1/me", { body: proof }),
    onSuccess: () => leave("erased"),
  });
  return (
    <Section title={t("erase.title")} text={t("erase.text")}>
      <div>
        <Button look="danger" onPress={() => setAsked(true)}>
          {t("erase.action")}
        </Button>
      </div>
      <Dialog title={t("erase.action")} isOpen={isAsked} onClose={() => setAsked(false)}>
        <Notice kind="problem">{t("erase.warning", { name: me.username })}</Notice>
        <PasswordQuestion
          action={t("erase.confirm")}
          look="danger"
          isPending={erase.isPending}
          error={erase.error}
          onSubmit={(proof) => erase.mutate(proof)}
        />
      </Dialog>
    </Section>
  );
}
