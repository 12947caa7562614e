// The budget of JavaScript at first load, gzipped: the sign-in screen for a newcomer, home for a
// signed-in person. A screen's own chunks are found from the build's manifest.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const DIST = "dist";
const BUDGET_KB = 150;
const manifest = JSON.parse(readFileSync(join(DIST, ".vite/manifest.json"), "utf8"));

function filesOf(entry, files = new Set()) {
  const chunk = manifest[entry];
  if (chunk === undefined || files.has(chunk.file)) return files;
  files.add(chunk.file);
  for (const imported of chunk.imports ?? []) filesOf(imported, files);
  return files;
}

const kilobytes = (file) => gzipSync(readFileSync(join(DIST, file)), { level: 9 }).length / 1000;
const screens = {
  "sign in": ["index.html", "src/locales/en.json", "src/screens/SignIn.tsx"],
  home: ["index.html", "src/locales/en.json", "src/screens/Home.tsx"],
};
for (const [screen, entries] of Object.entries(screens)) {
  const files = new Set(entries.flatMap((entry) => [...filesOf(entry)]));
  const scripts = [...files].filter((file) => file.endsWith(".js"));
  const total = scripts.reduce((sum, file) => sum + kilobytes(file), 0);
  console.log(`${screen}: ${total.toFixed(1)} kB of ${BUDGET_KB} kB gzipped JavaScript`);
  if (total > BUDGET_KB) process.exitCode = 1;
}
