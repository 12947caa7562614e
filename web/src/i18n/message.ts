/** A text of a catalogue: plain, or one text for each plural form that the language has. */
export type Message = string | { readonly [form in Intl.LDMLPluralRule]?: string };
export type Values = Readonly<Record<string, string | number>>;

/** Puts values into a text's {names}; `count` chooses the plural form. */
export function formatMessage(
  message: Message,
  values: Values,
  rules: Intl.PluralRules,
  numbers: Intl.NumberFormat,
): string {
  const text = typeof message === "string" ? message : choosePlural(message, values, rules);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? numbers.format(value) : value;
  });
}

function choosePlural(
  message: Exclude<Message, string>,
  values: Values,
  rules: Intl.PluralRules,
): string {
  const count = Number(values["count"] ?? 0);
  return message[rules.select(count)] ?? message.other ?? "";
}
