import { useI18n } from "../i18n/I18n";
import { Field } from "../ui/Field";

export const CODE_LENGTH = 6;

interface CodeFieldProps {
  name?: string;
  label?: string;
  autoFocus?: boolean;
  value: string;
  onChange: (code: string) => void;
  isDisabled?: boolean;
}

/** A code, the mailed one by default: pasted with spaces or words around it, typed, or filled in by
 * the system. */
export function CodeField({
  name = "code",
  label,
  autoFocus = true,
  value,
  onChange,
  isDisabled = false,
}: CodeFieldProps) {
  const { t } = useI18n();
  return (
    <Field
      name={name}
      label={label ?? t("verify.code")}
      help={t("verify.code_help")}
      autoComplete="one-time-code"
      inputMode="numeric"
      autoFocus={autoFocus}
      isRequired
      isReadOnly={isDisabled}
      value={value}
      onChange={(text) => onChange(digitsOf(text))}
    />
  );
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, "").slice(0, CODE_LENGTH);
}
