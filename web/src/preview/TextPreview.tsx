import { useQuery } from "@tanstack/react-query";
import { useI18n } from "../i18n/I18n";
import type { ManifestFile } from "../letters/letter";
import { ProblemNotice } from "../ui/Notice";
import { Waiting } from "../ui/Waiting";
import { fetchBeginning } from "./content";
import { displayName } from "./fileName";

const SHOWN_BYTES = 64 * 1024;

/** The beginning of a text file, as plain characters: HTML shows as its source. */
export function TextPreview({ letterId, file }: { letterId: string; file: ManifestFile }) {
  const { t } = useI18n();
  const content = useQuery({
    queryKey: ["beginning", letterId],
    queryFn: ({ signal }) => fetchBeginning(letterId, SHOWN_BYTES, signal),
    staleTime: Infinity,
    retry: false,
  });
  if (content.error !== null) return <ProblemNotice error={content.error} />;
  if (content.data === undefined) return <Waiting label={t("preview.loading")} />;
  return (
    <>
      <pre
        className="preview-text"
        tabIndex={0}
        role="region"
        aria-label={t("preview.text", { name: displayName(file.name) })}
      >
        {content.data}
      </pre>
      {file.size > SHOWN_BYTES && <p className="field-help">{t("preview.only_beginning")}</p>}
    </>
  );
}
