import { useI18n } from "../i18n/I18n";

export function Waiting({ label }: { label?: string }) {
  const { t } = useI18n();
  return (
    <div className="waiting" role="status">
      <span className="spinner" aria-hidden="true" />
      {label ?? t("common.loading")}
    </div>
  );
}
