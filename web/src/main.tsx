import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { App } from "./app/App";
import { makeQueryClient } from "./app/queryClient";
import { I18nRoot } from "./i18n/I18n";
import { initialLanguage, loadCatalogue } from "./i18n/language";
import "./theme/tokens.css";
import "./theme/fonts.css";
import "./theme/base.css";
import "./ui/button.css";
import "./ui/ui.css";

async function start(): Promise<void> {
  const root = document.getElementById("root");
  if (root === null) return;
  const language = initialLanguage();
  const catalogue = await loadCatalogue(language);
  createRoot(root).render(
    <StrictMode>
      <I18nRoot initial={{ language, catalogue }}>
        <QueryClientProvider client={makeQueryClient()}>
          <BrowserRouter>
            <App />
          </BrowserRouter>
        </QueryClientProvider>
      </I18nRoot>
    </StrictMode>,
  );
}

void start();
