import type { components } from "./schema";

export type ProblemCode = components["schemas"]["ProblemCode"];

/** Causes that never reached the server, beside the codes that it sends. */
export type LocalCode = "offline" | "aborted" | "not_our_server";

/** A refusal: what the server said (RFC 9457), or why there was no answer. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: ProblemCode | LocalCode,
    readonly requestId: string | undefined,
    readonly retryAfterSeconds: number | undefined,
  ) {
    super(`${status} ${code}`);
    this.name = "Problem";
  }

  static local(code: LocalCode): Problem {
    return new Problem(0, code, undefined, undefined);
  }

  /** The network or the server is gone for now: the same request may succeed later. */
  get isPassing(): boolean {
    return (
      this.code === "offline" || this.status === 502 || this.status === 503 || this.status === 504
    );
  }
}

/** Reads a problem document; anything else (a proxy's error page) becomes `not_our_server`. */
export function parseProblem(status: number, body: string, retryAfter: string | null): Problem {
  const seconds = retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) : undefined;
  try {
    const document = JSON.parse(body) as Partial<components["schemas"]["Problem"]>;
    if (typeof document.code === "string") {
      return new Problem(status, document.code, document.request_id, seconds);
    }
  } catch {
    // Not JSON: falls through.
  }
  return new Problem(status, "not_our_server", undefined, seconds);
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DOMException && error.name === "AbortError") return Problem.local("aborted");
  if (error instanceof TypeError) return Problem.local("offline");
  throw error;
}
