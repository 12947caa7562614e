import { useState } from "react";
import { FieldError } from "react-aria-components/FieldError";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { Text } from "react-aria-components/Text";
import { TextField, type TextFieldProps } from "react-aria-components/TextField";
import { useI18n } from "../i18n/I18n";
import { Button } from "./Button";

export interface FieldProps extends Omit<TextFieldProps, "className" | "children" | "style"> {
  label: string;
  help?: string | undefined;
  error?: string | undefined;
}

/** A labelled line of text with help below it, and an error in the help's place. */
export function Field({ label, help, error, ...rest }: FieldProps) {
  return (
    <TextField
      {...rest}
      className="field"
      isInvalid={error !== undefined}
      validationBehavior="aria"
    >
      <Label>{label}</Label>
      <Input autoCapitalize="none" />
      <FieldHint help={help} error={error} />
    </TextField>
  );
}

/** The same for a password, which can be shown. */
export function PasswordField({ label, help, error, ...rest }: FieldProps) {
  const { t } = useI18n();
  const [isShown, setShown] = useState(false);
  return (
    <TextField
      {...rest}
      className="field"
      type={isShown ? "text" : "password"}
      isInvalid={error !== undefined}
      validationBehavior="aria"
    >
      <Label>{label}</Label>
      <div className="field-box">
        <Input spellCheck={false} autoCapitalize="none" />
        <Button
          look="link"
          aria-label={isShown ? t("field.hide_password") : t("field.show_password")}
          onPress={() => setShown(!isShown)}
        >
          {isShown ? t("field.hide") : t("field.show")}
        </Button>
      </div>
      <FieldHint help={help} error={error} />
    </TextField>
  );
}

function FieldHint({ help, error }: { help: string | undefined; error: string | undefined }) {
  if (error !== undefined) return <FieldError className="field-error">{error}</FieldError>;
  if (help === undefined) return null;
  return (
    <Text slot="description" className="field-help">
      {help}
    </Text>
  );
}
