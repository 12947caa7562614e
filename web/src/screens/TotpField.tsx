import { useState } from "react";
import { Problem } from "../api/problem";
import { useI18n } from "../i18n/I18n";
import { CodeField } from "./CodeField";

interface TotpFieldProps {
  autoFocus?: boolean;
}

/** The second factor's code, for the form around it to read by the name "totp". */
export function TotpField({ autoFocus = false }: TotpFieldProps) {
  const { t } = useI18n();
  const [code, setCode] = useState("");
  return (
    <CodeField
      name="totp"
      label={t("totp.code")}
      autoFocus={autoFocus}
      value={code}
      onChange={setCode}
    />
  );
}

/** True for a refusal that says so: the factor is on, whatever was known of it before. */
export function asksTotp(error: Error | null): boolean {
  return (
    error instanceof Problem && (error.code === "totp_required" || error.code === "totp_mismatch")
  );
}
