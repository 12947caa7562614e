import { formatSize } from "../i18n/format";
import { useI18n } from "../i18n/I18n";
import { displayName } from "../preview/fileName";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";

interface FileChipsProps {
  files: readonly File[];
  onRemove: (file: File) => void;
}

/** The files chosen for the next letters. */
export function FileChips({ files, onRemove }: FileChipsProps) {
  const { t, locale } = useI18n();
  if (files.length === 0) return null;
  return (
    <ul className="chips" aria-label={t("composer.files")}>
      {files.map((file, index) => (
        <li key={`${index} ${file.name}`} className="chip">
          <Icon name="file" />
          <bdi className="chip-name">{displayName(file.name)}</bdi>
          <span className="quiet">{formatSize(file.size, locale)}</span>
          <Button
            look="icon"
            aria-label={t("composer.remove_file", { name: displayName(file.name) })}
            onPress={() => onRemove(file)}
          >
            <Icon name="close" size={18} />
          </Button>
        </li>
      ))}
      {files.length > 1 && (
        <li className="field-help">{t("composer.one_each", { count: files.length })}</li>
      )}
    </ul>
  );
}
