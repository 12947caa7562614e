import createClient from "openapi-fetch";
import { backendUrl } from "../config";
import { asProblem, parseProblem } from "./problem";
import type { paths } from "./schema";
import { maySignedIn, refreshSession } from "./session";

/** Codes whose 401 speaks of a password or its second factor, not of the session. */
const PASSWORD_CODES = new Set(["bad_credentials", "totp_required", "totp_mismatch"]);

/** Sends a request; renews the session once when its tokens have expired; throws Problem. */
export async function send(request: Request): Promise<Response> {
  const again = request.clone();
  const sentAt = Date.now();
  try {
    const answer = await fetch(request);
    if (answer.ok) return answer;
    const problem = parseProblem(
      answer.status,
      await answer.text(),
      answer.headers.get("Retry-After"),
    );
    const isExpired = answer.status === 401 && !PASSWORD_CODES.has(problem.code) && maySignedIn();
    if (!isExpired || !(await refreshSession(sentAt))) throw problem;
    const second = await fetch(again);
    if (second.ok) return second;
    throw parseProblem(second.status, await second.text(), second.headers.get("Retry-After"));
  } catch (error) {
    throw asProblem(error);
  }
}

/** The typed client of every route in openapi.yaml. */
export const api = createClient<paths>({
  baseUrl: backendUrl,
  credentials: "include",
  fetch: send,
});

/** The body of an answer that `send` let through. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}
