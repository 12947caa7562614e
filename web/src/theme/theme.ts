/** Also read by public/theme.js, before the first paint. */
const CHOSEN = "letterlock.theme";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

export function chosenTheme(): Theme {
  const chosen = localStorage.getItem(CHOSEN);
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

export function applyTheme(theme: Theme): void {
  if (theme === "system") {
    localStorage.removeItem(CHOSEN);
    delete document.documentElement.dataset["theme"];
  } else {
    localStorage.setItem(CHOSEN, theme);
    document.documentElement.dataset["theme"] = theme;
  }
}
