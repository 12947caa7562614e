// Holds the translations to the English catalogue: the same keys, the same {values}, and for
// counted texts every plural form that the language has. Also finds keys that nothing uses.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const LOCALES = "src/locales";
const read = (name) => JSON.parse(readFileSync(join(LOCALES, name), "utf8"));
const english = read("en.json");
const problems = [];

const textsOf = (message) => (typeof message === "string" ? [message] : Object.values(message));
const valuesIn = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
const valuesOf = (message) => [...new Set(textsOf(message).flatMap(valuesIn))].sort().join(" ");

function checkPlurals(where, language, message) {
  const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  const forms = Object.keys(message);
  for (const form of needed) {
    if (!forms.includes(form)) problems.push(`${where}: plural form "${form}" is missing`);
  }
}

function checkLanguage(file) {
  const language = file.replace(".json", "");
  const catalogue = read(file);
  for (const [key, message] of Object.entries(english)) {
    const own = catalogue[key];
    const where = `${file}: ${key}`;
    if (own === undefined) {
      problems.push(`${where} is missing`);
      continue;
    }
    if (textsOf(own).some((text) => text.trim() === "")) problems.push(`${where} is empty`);
    if (valuesOf(own) !== valuesOf(message)) {
      problems.push(`${where} has {${valuesOf(own)}} instead of {${valuesOf(message)}}`);
    }
    if (typeof message === "object") checkPlurals(where, language, own);
  }
  for (const key of Object.keys(catalogue)) {
    if (!(key in english)) problems.push(`${file}: ${key} is not in en.json`);
  }
}

/** Keys are written out in the sources, or end in a value: t(`letter.state_${state}`). */
function checkUse() {
  const sources = readdirSync("src", { recursive: true })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readFileSync(join("src", name), "utf8"))
    .join("\n");
  const stems = [...sources.matchAll(/`([a-z_]+\.[a-z_]*)\$\{/g)].map((m) => m[1]);
  for (const key of Object.keys(english)) {
    const isUsed = sources.includes(`"${key}"`) || stems.some((stem) => key.startsWith(stem));
    if (!isUsed) problems.push(`en.json: ${key} is used nowhere`);
  }
}

const files = readdirSync(LOCALES).filter((name) => name.endsWith(".json"));
files.forEach(checkLanguage);
checkUse();
for (const problem of problems) console.error(problem);
console.log(
  `${files.length} languages, ${Object.keys(english).length} texts, ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
