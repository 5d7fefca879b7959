/** A form on its way to the server: busy, refused by a field, or failed as a whole. */
import { useState } from "react";
import type { Words } from "./answer-words";
import { ProblemError } from "./problem";
import { describeError, describeField } from "./words";

export interface Submission {
  busy: boolean;
  /** What is wrong with the field of that name. */
  errorOf: (field: string) => string | null;
  /** What is wrong where no field is to blame. */
  failure: Words | null;
  /** Whether it went well. */
  run: (send: () => Promise<void>) => Promise<boolean>;
  forget: () => void;
}

/** `fields`: those that show their own error; one that is not shown must not hide what it says. */
export function useSubmission(fields: readonly string[]): Submission {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const problem = error instanceof ProblemError ? error : null;
  const named = problem?.problem.field;
  const blamed = named && fields.includes(named) ? named : null;

  async function run(send: () => Promise<void>) {
    if (busy) return false;
    setBusy(true);
    setError(null);
    try {
      await send();
      return true;
    } catch (failure) {
      setError(failure);
      return false;
    } finally {
      setBusy(false);
    }
  }

  return {
    busy,
    errorOf: (field) => (problem && blamed === field ? describeField(problem) : null),
    failure: error && !blamed ? describeError(error) : null,
    run,
    forget: () => setError(null),
  };
}
