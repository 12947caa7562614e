import { getDocument, type PDFDocumentProxy } from "pdfjs-dist";
import * as worker from "pdfjs-dist/build/pdf.worker.mjs";
import { fetchContent } from "./content";

declare global {
  var pdfjsWorker: typeof worker | undefined;
}

/**
 * Opens a PDF for drawing on canvases. Its scripts and forms are not even loaded. The parser runs in
 * this thread: a worker would need a Trusted Types policy for its address.
 */
export async function openPdf(letterId: string, signal: AbortSignal): Promise<PDFDocumentProxy> {
  globalThis.pdfjsWorker = worker;
  const content = await fetchContent(letterId, "application/pdf", signal);
  return getDocument({
    data: await content.arrayBuffer(),
    isEvalSupported: false,
    useWasm: false,
    useWorkerFetch: false,
    useSystemFonts: true,
    enableXfa: false,
  }).promise;
}
