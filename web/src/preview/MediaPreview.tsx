import { useState } from "react";
import { useI18n } from "../i18n/I18n";
import { contentUrl } from "./content";
import { NoPreview } from "./NoPreview";

interface MediaPreviewProps {
  kind: "audio" | "video";
  letterId: string;
  name: string;
}

/** Sound or film, streamed by ranges as it plays. */
export function MediaPreview({ kind, letterId, name }: MediaPreviewProps) {
  const { t } = useI18n();
  const [isBroken, setBroken] = useState(false);
  if (isBroken) return <NoPreview />;
  const shared = {
    src: contentUrl(letterId),
    controls: true,
    preload: "metadata",
    "aria-label": t("preview.media", { name }),
    onError: () => setBroken(true),
  } as const;
  if (kind === "audio") return <audio className="preview-audio" {...shared} />;
  return <video className="preview-video" playsInline {...shared} />;
}
