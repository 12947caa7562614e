import { useI18n } from "../i18n/I18n";
import type { Person } from "../letters/letter";

/** A person's username, or words for an account that was erased. */
export function usePersonName(person: Person): string {
  const { t } = useI18n();
  return person.username === "" ? t("people.erased") : person.username;
}
