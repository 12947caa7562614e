import type { Message } from "./message";
import type english from "../locales/en.json";

export type MessageKey = keyof typeof english;
export type Catalogue = Readonly<Record<MessageKey, Message>>;

/** The languages there are, each under its own name. */
export const languages = {
  en: "English",
  de: "Deutsch",
  es: "Español",
  fr: "Français",
  zh: "中文",
} as const;
export type Language = keyof typeof languages;

const CHOSEN = "letterlock.language";

const loaders: Record<Language, () => Promise<{ default: Catalogue }>> = {
  en: () => import("../locales/en.json"),
  de: () => import("../locales/de.json"),
  es: () => import("../locales/es.json"),
  fr: () => import("../locales/fr.json"),
  zh: () => import("../locales/zh.json"),
};

export async function loadCatalogue(language: Language): Promise<Catalogue> {
  return (await loaders[language]()).default;
}

function isLanguage(tag: string | null | undefined): tag is Language {
  return tag != null && Object.hasOwn(languages, tag);
}

/** The first wanted language (BCP 47 tags) that there is, else English. */
export function matchLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const primary = tag.toLowerCase().split("-")[0];
    if (isLanguage(primary)) return primary;
  }
  return "en";
}

/** The reader's own variety of a language (en-GB), where the browser names one. */
export function localeOf(language: Language, wanted: readonly string[]): string {
  return wanted.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? language;
}

export function initialLanguage(): Language {
  const chosen = localStorage.getItem(CHOSEN);
  return isLanguage(chosen) ? chosen : matchLanguage(navigator.languages);
}

export function rememberLanguage(language: Language): void {
  localStorage.setItem(CHOSEN, language);
}
