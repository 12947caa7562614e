import type { MessageKey } from "../i18n/language";
import { formatSpan } from "../i18n/format";
import type { Problem } from "./problem";

/** The codes that have words of their own; for the others the status decides. */
const texts: Partial<Record<Problem["code"], MessageKey>> = {
  offline: "problem.offline",
  aborted: "problem.cancelled",
  cancelled: "problem.cancelled",
  not_our_server: "problem.not_our_server",
  invalid_username: "problem.invalid_username",
  invalid_email: "problem.invalid_email",
  weak_password: "problem.weak_password",
  username_taken: "problem.username_taken",
  sign_up_closed: "problem.sign_up_closed",
  invite_required: "problem.invite_required",
  domain_not_allowed: "problem.domain_not_allowed",
  code_mismatch: "problem.code_mismatch",
  code_expired: "problem.code_expired",
  too_many_tries: "problem.too_many_tries",
  recovery_key_wrong: "problem.recovery_key_wrong",
  unauthenticated: "problem.signed_out",
  token_expired: "problem.signed_out",
  refresh_reused: "problem.signed_out",
  bad_credentials: "problem.bad_credentials",
  totp_required: "problem.totp_required",
  totp_mismatch: "problem.totp_mismatch",
  unconfirmed: "problem.unconfirmed",
  origin_refused: "problem.origin_refused",
  unknown_recipient: "problem.unknown_recipient",
  empty_letter: "problem.empty_letter",
  invalid_file_name: "problem.invalid_file_name",
  text_too_long: "problem.text_too_long",
  letter_too_large: "problem.letter_too_large",
  body_too_large: "problem.letter_too_large",
  quota_exceeded: "problem.quota_exceeded",
  idempotency_mismatch: "problem.idempotency_mismatch",
  key_lost: "problem.key_lost",
  not_sealed_to_you: "problem.not_sealed_to_you",
  letter_damaged: "problem.letter_damaged",
  already_read: "problem.already_read",
  upload_changed: "problem.upload_changed",
  too_many_uploads: "problem.too_many_uploads",
  storage_full: "problem.storage_full",
  not_found: "problem.not_found",
};

type Translate = (key: MessageKey, values?: Record<string, string | number>) => string;

/** What happened and what to do about it, in the reader's language. */
export function explainProblem(problem: Problem, t: Translate, language: string): string {
  if (problem.status === 429 && problem.code !== "too_many_uploads") {
    const wait = problem.retryAfterSeconds;
    return wait === undefined
      ? t("problem.rate_limited")
      : t("problem.rate_limited_for", { wait: formatSpan(wait, language) });
  }
  const key = texts[problem.code];
  if (key !== undefined) return t(key);
  if (problem.isPassing) return t("problem.unavailable");
  if (problem.status >= 500) return t("problem.internal");
  return t("problem.refused");
}
