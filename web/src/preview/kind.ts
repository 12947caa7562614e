import type { ManifestFile } from "../letters/letter";

export type PreviewKind = "image" | "audio" | "video" | "pdf" | "text" | "none";

const MIB = 1024 * 1024;
/** Larger ones are not fetched into memory for a preview; sound and film are streamed. */
const LARGEST: Partial<Record<PreviewKind, number>> = { image: 32 * MIB, pdf: 64 * MIB };

const IMAGE_TYPES = new Set([
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "image/avif",
  "image/bmp",
  "image/svg+xml",
  "image/x-icon",
]);
const TEXT_TYPES = new Set([
  "application/json",
  "application/xml",
  "application/javascript",
  "application/x-sh",
  "application/x-yaml",
  "application/toml",
  "application/sql",
]);

/** How a file can be looked at here. Its own word on its type is taken, for nothing depends on it. */
export function previewKind({ media_type, size }: ManifestFile): PreviewKind {
  const kind = kindOfType(media_type.toLowerCase().split(";")[0]?.trim() ?? "");
  const largest = LARGEST[kind];
  if (size === 0 || (largest !== undefined && size > largest)) return "none";
  return kind;
}

function kindOfType(type: string): PreviewKind {
  if (IMAGE_TYPES.has(type)) return "image";
  if (type.startsWith("audio/")) return "audio";
  if (type.startsWith("video/")) return "video";
  if (type === "application/pdf") return "pdf";
  if (type.startsWith("text/") || TEXT_TYPES.has(type)) return "text";
  return "none";
}
