import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { I18nProvider } from "react-aria-components/I18nProvider";
import {
  loadCatalogue,
  localeOf,
  rememberLanguage,
  type Catalogue,
  type Language,
  type MessageKey,
} from "./language";
import { formatMessage, type Values } from "./message";

export interface I18n {
  language: Language;
  /** The language as it is written where the reader lives (BCP 47), for dates and numbers. */
  locale: string;
  t: (key: MessageKey, values?: Values) => string;
  setLanguage: (language: Language) => Promise<void>;
}

const Context = createContext<I18n | null>(null);

export function useI18n(): I18n {
  const i18n = useContext(Context);
  if (i18n === null) throw new Error("useI18n outside of its provider");
  return i18n;
}

interface Loaded {
  language: Language;
  catalogue: Catalogue;
}

/** Gives everything below it the chosen language; another one is fetched when it is chosen. */
export function I18nRoot({ initial, children }: { initial: Loaded; children: ReactNode }) {
  const [loaded, setLoaded] = useState(initial);
  const { language, catalogue } = loaded;

  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);

  const i18n = useMemo<I18n>(() => {
    const locale = localeOf(language, navigator.languages);
    const rules = new Intl.PluralRules(locale);
    const numbers = new Intl.NumberFormat(locale);
    return {
      language,
      locale,
      t: (key, values = {}) => formatMessage(catalogue[key], values, rules, numbers),
      setLanguage: async (next) => {
        const catalogue = await loadCatalogue(next);
        rememberLanguage(next);
        setLoaded({ language: next, catalogue });
      },
    };
  }, [language, catalogue]);

  return (
    <Context value={i18n}>
      <I18nProvider locale={i18n.locale}>{children}</I18nProvider>
    </Context>
  );
}
