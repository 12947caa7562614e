// Writes FILE.gz and FILE.br beside every built file that compresses well, for servers that send them.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const DIST = "dist";
const TEXT = /\.(html|js|css|svg|json|txt)$/;
/** Rewritten by a deployment after the build, so that a compressed copy would be a wrong one. */
const LEFT_ALONE = new Set(["config.js"]);

for (const name of readdirSync(DIST, { recursive: true })) {
  const path = join(DIST, name);
  if (!TEXT.test(name) || LEFT_ALONE.has(name) || !statSync(path).isFile()) continue;
  const content = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params }));
}
