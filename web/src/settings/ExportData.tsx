import { useMutation } from "@tanstack/react-query";
import { api } from "../api/client";
import { backendUrl } from "../config";
import { useI18n } from "../i18n/I18n";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { ProblemNotice } from "../ui/Notice";
import { Section } from "./Section";

export function ExportData() {
  const { t } = useI18n();
  const save = useMutation({ mutationFn: downloadExport });
  return (
    <Section title={t("export.title")} text={t("export.text")}>
      {save.error !== null && <ProblemNotice error={save.error} />}
      <div>
        <Button isPending={save.isPending} onPress={() => save.mutate()}>
          <Icon name="download" />
          {t("export.action")}
        </Button>
      </div>
    </Section>
  );
}

/** The browser saves it by itself; first make sure that the session is good. */
async function downloadExport(): Promise<void> {
  await api.GET("/v1/me");
  const link = document.createElement("a");
  link.href = `${backendUrl}/v1/me/export`;
  link.download = "letterlock-export.json";
  link.click();
}
