/** The typed client. Every call ends in data, a `ProblemError` or a `ConnectionError`. */
import createClient from "openapi-fetch";
import { ConnectionError, ProblemError, toProblem } from "./problem";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type User = Schemas["User"];
export type NewUser = Schemas["NewUser"];
export type Project = Schemas["Project"];
export type ProjectChange = Schemas["ProjectChange"];
export type Parameters = Schemas["Parameters"];
export type Device = Schemas["Device"];
export type Key = Schemas["Key"];
export type NewKey = Schemas["NewKey"];
export type Invite = Schemas["Invite"];
export type NewInvite = Schemas["NewInvite"];
export type Provider = Schemas["Provider"];
export type NewProvider = Schemas["NewProvider"];
export type ProviderChange = Schemas["ProviderChange"];
export type ProviderCheck = Schemas["ProviderCheck"];
export type ProviderState = Schemas["ProviderState"];
export type ConfiguredProvider = Schemas["ConfiguredProvider"];
export type ProviderModel = Schemas["ProviderModel"];
export type ProviderModelChange = Schemas["ProviderModelChange"];
export type Audience = Schemas["Audience"];
export type Person = Schemas["Person"];
export type NewPerson = Schemas["NewPerson"];
export type PersonChange = Schemas["PersonChange"];
export type ResetLink = Schemas["ResetLink"];
export type Limit = Schemas["Limit"];
export type Limits = Schemas["Limits"];
export type LimitChange = Schemas["LimitChange"];
export type AuditEntry = Schemas["AuditEntry"];
export type Scope = Schemas["Scope"];
export type Confirmation = Schemas["Confirmation"];
export type NewTotp = Schemas["NewTotp"];
export type Passkey = Schemas["Passkey"];
export type PasskeyAnswer = Schemas["PasskeyAnswer"];
export type Match = Schemas["ProjectMatch"];
export type Message = Schemas["Message"];
export type Attachment = Schemas["Attachment"];
export type Turn = Schemas["Turn"];
export type Model = Schemas["Model"];
export type Usage = Schemas["Usage"];
export type Timing = Schemas["Timing"];

export const client = createClient<paths>({
  baseUrl: location.origin,
  fetch: (request) => fetch(request),
});

let hearSignedOut: () => void = () => {};

/** One listener hears that a request was refused because nobody is signed in any more. */
export function onSignedOut(listener: () => void): void {
  hearSignedOut = listener;
}

let hearNoLongerSo: () => void = () => {};

/** Refusals that the page could have foreseen, had it known what the person is by now. */
const foreseeable = ["second_factor_setup_required", "admin_only"];

/** One listener hears that the person is somebody else to the server than the page thinks: must set a second factor up
 * first, or runs the server no longer. */
export function onNoLongerSo(listener: () => void): void {
  hearNoLongerSo = listener;
}

interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

export async function call<T>(request: Promise<Outcome<T>>): Promise<T> {
  let outcome: Outcome<T>;
  try {
    outcome = await request;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    // A proxy's page instead of JSON also lands here: the answer could not be read.
    throw new ConnectionError("no answer", { cause: error });
  }
  if (!outcome.response.ok) {
    const problem = toProblem(outcome.error, outcome.response);
    if (problem.code === "not_signed_in") hearSignedOut();
    if (foreseeable.includes(problem.code)) hearNoLongerSo();
    throw new ProblemError(problem);
  }
  return outcome.data as T;
}
