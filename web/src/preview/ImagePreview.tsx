import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useI18n } from "../i18n/I18n";
import type { ManifestFile } from "../letters/letter";
import { ProblemNotice } from "../ui/Notice";
import { Waiting } from "../ui/Waiting";
import { fetchContent } from "./content";
import { displayName } from "./fileName";
import { NoPreview } from "./NoPreview";

/** A picture. In an img element nothing runs and nothing is fetched, whatever an SVG says. */
export function ImagePreview({ letterId, file }: { letterId: string; file: ManifestFile }) {
  const { t } = useI18n();
  const content = useQuery({
    queryKey: ["content", letterId],
    queryFn: ({ signal }) => fetchContent(letterId, file.media_type, signal),
    staleTime: Infinity,
    gcTime: 60_000,
    retry: false,
  });
  const url = useObjectUrl(content.data);
  const [isBroken, setBroken] = useState(false);

  if (content.error !== null) return <ProblemNotice error={content.error} />;
  if (isBroken) return <NoPreview />;
  if (url === null) return <Waiting label={t("preview.loading")} />;
  return (
    <img
      className="preview-image"
      src={url}
      alt={t("preview.image", { name: displayName(file.name) })}
      onError={() => setBroken(true)}
    />
  );
}

/** Object URLs are made for one element and given up with it. */
function useObjectUrl(blob: Blob | undefined): string | null {
  const url = useMemo(() => (blob === undefined ? null : URL.createObjectURL(blob)), [blob]);
  useEffect(() => () => revoke(url), [url]);
  return url;
}

function revoke(url: string | null): void {
  if (url !== null) URL.revokeObjectURL(url);
}
