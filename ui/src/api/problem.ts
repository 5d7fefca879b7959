/** What can go wrong with a request, as one kind of error. */
import type { components } from "./schema";

export type Problem = components["schemas"]["Problem"];

/** The server answered and said no. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/** No answer came: the network or the server is away. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

/** A problem from any error body, also from a proxy that answers in HTML. */
export function toProblem(body: unknown, response: Response): Problem {
  const given = typeof body === "object" && body !== null ? (body as Partial<Problem>) : {};
  // A proxy that turns people away says when to come back only here.
  const retry_after =
    given.retry_after ?? Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return {
    ...given,
    ...(retry_after > 0 ? { retry_after } : {}),
    title: given.title ?? response.statusText,
    status: given.status ?? response.status,
    code: given.code ?? "unexpected",
    detail: given.detail ?? "",
    request_id: given.request_id ?? response.headers.get("x-request-id") ?? "",
  };
}

export function codeOf(error: unknown): string | null {
  return error instanceof ProblemError ? error.problem.code : null;
}

export function statusOf(error: unknown): number | null {
  return error instanceof ProblemError ? error.problem.status : null;
}
