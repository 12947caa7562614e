import { useMutation } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { formatSize } from "../i18n/format";
import { useI18n } from "../i18n/I18n";
import type { ManifestFile } from "../letters/letter";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { ProblemNotice } from "../ui/Notice";
import { Waiting } from "../ui/Waiting";
import { download } from "./content";
import { displayName } from "./fileName";
import { ImagePreview } from "./ImagePreview";
import { previewKind, type PreviewKind } from "./kind";
import { MediaPreview } from "./MediaPreview";
import { TextPreview } from "./TextPreview";
import "./preview.css";

const PdfDialog = lazy(() => import("./PdfDialog"));

/** A letter's file: what it is, a look at it where that is possible, and the way to save it. */
export default function Attachment({ letterId, file }: { letterId: string; file: ManifestFile }) {
  const { t, locale } = useI18n();
  const name = displayName(file.name);
  const kind = previewKind(file);
  const save = useMutation({ mutationFn: () => download(letterId, file.name) });
  const [isPdfOpen, setPdfOpen] = useState(false);
  return (
    <figure className="attachment">
      <Preview kind={kind} letterId={letterId} file={file} />
      <figcaption className="attachment-line">
        <Icon name="file" size={24} />
        <span className="attachment-name">
          <bdi>{name}</bdi>
          <span className="quiet">{formatSize(file.size, locale)}</span>
        </span>
        {kind === "pdf" && <Button onPress={() => setPdfOpen(true)}>{t("preview.look")}</Button>}
        <Button
          look="icon"
          aria-label={t("preview.download", { name })}
          isPending={save.isPending}
          onPress={() => save.mutate()}
        >
          <Icon name="download" />
        </Button>
      </figcaption>
      {save.error !== null && <ProblemNotice error={save.error} />}
      {isPdfOpen && (
        <Suspense fallback={<Waiting />}>
          <PdfDialog letterId={letterId} name={name} onClose={() => setPdfOpen(false)} />
        </Suspense>
      )}
    </figure>
  );
}

interface PreviewProps {
  kind: PreviewKind;
  letterId: string;
  file: ManifestFile;
}

function Preview({ kind, letterId, file }: PreviewProps) {
  switch (kind) {
    case "image":
      return <ImagePreview letterId={letterId} file={file} />;
    case "audio":
    case "video":
      return <MediaPreview kind={kind} letterId={letterId} name={displayName(file.name)} />;
    case "text":
      return <TextPreview letterId={letterId} file={file} />;
    case "pdf":
    case "none":
      return null;
  }
}
