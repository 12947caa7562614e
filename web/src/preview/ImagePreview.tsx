import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
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
  const show = useMemo(() => content.data && showBlob(content.data), [content.data]);
  const [isBroken, setBroken] = useState(false);

  if (content.error !== null) return <ProblemNotice error={content.error} />;
  if (isBroken) return <NoPreview />;
  if (show === undefined) return <Waiting label={t("preview.loading")} />;
  return (
    <img
      className="preview-image"
      ref={show}
      alt={t("preview.image", { name: displayName(file.name) })}
      onError={() => setBroken(true)}
    />
  );
}

/** Shows a blob for as long as the element is there. */
function showBlob(blob: Blob) {
  return (image: HTMLImageElement) => {
    const url = URL.createObjectURL(blob);
    image.src = url;
    return () => URL.revokeObjectURL(url);
  };
}
