import type { PDFDocumentProxy } from "pdfjs-dist";
import { useEffect, useRef, useState } from "react";
import { useI18n } from "../i18n/I18n";

const LARGEST_SCALE = 3;

interface PdfPageProps {
  pdf: PDFDocumentProxy;
  number: number;
}

/** One page, drawn when it comes into sight. */
export function PdfPage({ pdf, number }: PdfPageProps) {
  const { t } = useI18n();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isNear, setNear] = useState(false);

  useEffect(() => {
    const target = canvas.current;
    if (target === null) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting === true) setNear(true);
      },
      { rootMargin: "400px" },
    );
    observer.observe(target);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const target = canvas.current;
    if (!isNear || target === null) return;
    const stop = new AbortController();
    void draw(pdf, number, target, stop.signal);
    return () => stop.abort();
  }, [isNear, pdf, number]);

  return (
    <canvas
      ref={canvas}
      className="pdf-page"
      role="img"
      aria-label={t("preview.page", { number, count: pdf.numPages })}
    />
  );
}

async function draw(
  pdf: PDFDocumentProxy,
  number: number,
  canvas: HTMLCanvasElement,
  signal: AbortSignal,
): Promise<void> {
  const page = await pdf.getPage(number);
  if (signal.aborted) return;
  const natural = page.getViewport({ scale: 1 });
  const wanted = (canvas.clientWidth * globalThis.devicePixelRatio) / natural.width;
  const viewport = page.getViewport({ scale: Math.min(Math.max(wanted, 0.5), LARGEST_SCALE) });
  canvas.width = viewport.width;
  canvas.height = viewport.height;
  const drawing = page.render({ canvas, viewport });
  signal.addEventListener("abort", () => drawing.cancel());
  await drawing.promise.catch(() => {
    // Cancelled, or a page that cannot be drawn: the others still can.
  });
}
