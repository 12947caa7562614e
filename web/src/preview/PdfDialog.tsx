import { useQuery } from "@tanstack/react-query";
import type { PDFDocumentProxy } from "pdfjs-dist";
import { useEffect } from "react";
import { useI18n } from "../i18n/I18n";
import { Dialog } from "../ui/Dialog";
import { Waiting } from "../ui/Waiting";
import { NoPreview } from "./NoPreview";
import { openPdf } from "./pdf";
import { PdfPage } from "./PdfPage";

interface PdfDialogProps {
  letterId: string;
  name: string;
  onClose: () => void;
}

export default function PdfDialog({ letterId, name, onClose }: PdfDialogProps) {
  const { t } = useI18n();
  const pdf = useQuery({
    queryKey: ["pdf", letterId],
    queryFn: ({ signal }) => openPdf(letterId, signal),
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    structuralSharing: false,
  });
  useCleanUp(pdf.data);
  return (
    <Dialog title={name} size="large" isOpen onClose={onClose}>
      {pdf.isPending && <Waiting label={t("preview.loading")} />}
      {pdf.isError && <NoPreview />}
      {pdf.data !== undefined && (
        <ol className="pdf" tabIndex={0} aria-label={t("preview.text", { name })}>
          {Array.from({ length: pdf.data.numPages }, (_, index) => (
            <li key={index}>
              <PdfPage pdf={pdf.data} number={index + 1} />
            </li>
          ))}
        </ol>
      )}
    </Dialog>
  );
}

function useCleanUp(pdf: PDFDocumentProxy | undefined): void {
  useEffect(() => () => void pdf?.cleanup(), [pdf]);
}
