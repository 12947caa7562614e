import { Checkbox } from "react-aria-components/Checkbox";
import { useI18n } from "../i18n/I18n";
import { CheckMark } from "../ui/CheckMark";
import type { Options } from "./compose";

const HOUR = 3600;
const lives = [
  ["hour", HOUR],
  ["day", 24 * HOUR],
  ["week", 7 * 24 * HOUR],
  ["month", 30 * 24 * HOUR],
] as const;

interface LetterOptionsProps {
  options: Options;
  onChange: (options: Options) => void;
}

/** Whether a letter can be read by its writer later, and how long it lives. */
export default function LetterOptions({ options, onChange }: LetterOptionsProps) {
  const { t } = useI18n();
  return (
    <fieldset className="letter-options">
      <legend className="visually-hidden">{t("composer.options")}</legend>
      <Checkbox
        className="check"
        isSelected={options.keepsCopy}
        onChange={(keepsCopy) => onChange({ ...options, keepsCopy })}
      >
        <CheckMark />
        {t("composer.keep_copy")}
      </Checkbox>
      <label className="field letter-life">
        <span>{t("composer.life")}</span>
        <select
          value={options.expiresInSeconds ?? ""}
          onChange={(event) =>
            onChange({
              ...options,
              expiresInSeconds: event.target.value === "" ? null : Number(event.target.value),
            })
          }
        >
          <option value="">{t("composer.life_forever")}</option>
          {lives.map(([name, seconds]) => (
            <option key={name} value={seconds}>
              {t(`composer.life_${name}`)}
            </option>
          ))}
        </select>
      </label>
    </fieldset>
  );
}
