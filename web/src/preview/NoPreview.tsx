import { useI18n } from "../i18n/I18n";
import { Icon } from "../ui/Icon";

/** The file is not what it says, or of a kind that this browser does not know. */
export function NoPreview() {
  const { t } = useI18n();
  return (
    <p className="no-preview" role="status">
      <Icon name="warning" />
      {t("preview.impossible")}
    </p>
  );
}
