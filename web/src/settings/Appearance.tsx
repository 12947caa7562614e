import { useState } from "react";
import { Label } from "react-aria-components/Label";
import { Radio, RadioGroup } from "react-aria-components/RadioGroup";
import { useI18n } from "../i18n/I18n";
import { languages, type Language } from "../i18n/language";
import { applyTheme, chosenTheme, themes, type Theme } from "../theme/theme";
import { Section } from "./Section";

export function Appearance() {
  const { t, language, setLanguage } = useI18n();
  const [theme, setTheme] = useState(chosenTheme);
  return (
    <Section title={t("settings.appearance")}>
      <Choice
        label={t("settings.language")}
        value={language}
        options={Object.entries(languages)}
        onChange={(next) => void setLanguage(next as Language)}
      />
      <Choice
        label={t("settings.theme")}
        value={theme}
        options={themes.map((name) => [name, t(`settings.theme_${name}`)])}
        onChange={(next) => {
          setTheme(next as Theme);
          applyTheme(next as Theme);
        }}
      />
    </Section>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <RadioGroup className="choice" value={value} onChange={onChange}>
      <Label className="field-label">{label}</Label>
      <div className="choice-options">
        {options.map(([name, words]) => (
          <Radio key={name} value={name} className="choice-option">
            {words}
          </Radio>
        ))}
      </div>
    </RadioGroup>
  );
}
