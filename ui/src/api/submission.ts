/** A form on its way to the server: busy, refused by a field, or failed as a whole. */
import { useState } from "react";
import { flushSync } from "react-dom";
import type { Words } from "./answer-words";
import { ProblemError } from "./problem";
import { describeError, describeField } from "./words";

export interface Submission {
  busy: boolean;
  /** What is wrong with the field of that name; `own` are the form's own words for some of the API's codes. */
  errorOf: (field: string, own?: Readonly<Record<string, string>>) => string | null;
  /** What is wrong where no field is to blame. */
  failure: Words | null;
  /** Whether it went well; where it did not, the focus goes to the field of `form` that is wrong. */
  run: (send: () => Promise<void>, form?: HTMLElement | null) => Promise<boolean>;
  forget: () => void;
}

/** Makes the change at once and not in a later frame, and puts the focus on the first field that it says is wrong. */
export function goToMistake(form: HTMLElement | null | undefined, change: () => void) {
  flushSync(change);
  form?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
}

/** `fields`: those that show their own error; one that is not shown must not hide what it says. */
export function useSubmission(fields: readonly string[]): Submission {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const problem = error instanceof ProblemError ? error : null;
  const named = problem?.problem.field;
  const blamed = named && fields.includes(named) ? named : null;

  async function run(send: () => Promise<void>, form?: HTMLElement | null) {
    if (busy) return false;
    setBusy(true);
    setError(null);
    try {
      await send();
      setBusy(false);
      return true;
    } catch (failure) {
      goToMistake(form, () => {
        setError(failure);
        setBusy(false);
      });
      return false;
    }
  }

  return {
    busy,
    errorOf: (field, own) =>
      problem && blamed === field ? (own?.[problem.problem.code] ?? describeField(problem)) : null,
    failure: error && !blamed ? describeError(error) : null,
    run,
    forget: () => setError(null),
  };
}
