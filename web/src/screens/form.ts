import type { FormEvent } from "react";

/** The fields of a submitted form by name; the browser itself sends nothing. */
export function readForm(event: FormEvent<HTMLFormElement>): Record<string, string | undefined> {
  event.preventDefault();
  const fields: Record<string, string> = {};
  for (const [name, value] of new FormData(event.currentTarget)) {
    if (typeof value === "string") fields[name] = value;
  }
  return fields;
}
