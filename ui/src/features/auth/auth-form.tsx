/** What signing in and registering share: a form with its errors, and one button. */
import { useLingui } from "@lingui/react/macro";
import { type FormEvent, type ReactNode, useState } from "react";
import type { Words } from "../../api/answer-words";
import { ProblemError } from "../../api/problem";
import { describeError, describeField, requestIdOf } from "../../api/words";
import { Button } from "../../components/button";
import { Notice } from "../../components/notice";
import styles from "./auth.module.css";
import { AuthPage } from "./auth-page";

interface AuthFormProps {
  title: string;
  submit: string;
  /** Said above the fields, such as why somebody is signed out. */
  reason?: ReactNode;
  onSubmit: (form: FormData) => Promise<void>;
  /** Codes this page has better words for. */
  words?: (code: string) => Words | null;
  fields: (errorOf: (field: string) => string | null) => ReactNode;
  /** Other ways in, below the button; `run` shows how they go, as with the form. */
  others?: (run: (work: () => Promise<void>) => void) => ReactNode;
  foot: ReactNode;
}

export function AuthForm(props: AuthFormProps) {
  const { title, submit, reason, onSubmit, words, fields, others, foot } = props;
  const { t } = useLingui();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  async function run(work: () => Promise<void>, onFailure?: (failure: unknown) => void) {
    if (busy) return;
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (failure) {
      setError(failure);
      onFailure?.(failure);
    } finally {
      setBusy(false);
    }
  }

  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    void run(
      () => onSubmit(new FormData(form)),
      (failure) => {
        const field = failure instanceof ProblemError ? failure.problem.field : undefined;
        form.querySelector<HTMLInputElement>(`input[name="${field ?? "password"}"]`)?.focus();
      },
    );
  }

  const problem = error instanceof ProblemError ? error.problem : null;
  const own = problem && words?.(problem.code);
  // A passkey has no field here.
  const named = problem?.field === "credential" ? null : problem?.field;
  const errorOf = (field: string) =>
    error instanceof ProblemError && named === field ? (own?.title ?? describeField(error)) : null;
  const said = own ?? (error ? describeError(error) : null);
  return (
    <AuthPage title={title} foot={foot}>
      {reason && !error && <Notice tone="calm" title={reason} />}
      {said && !named && (
        <Notice
          title={said.title}
          requestId={requestIdOf(error)}
          copyLabel={t`Copy request number`}
        >
          {said.advice}
        </Notice>
      )}
      <form className={styles.form} onSubmit={send} noValidate>
        {fields(errorOf)}
        <Button type="submit" look="primary" busy={busy}>
          {submit}
        </Button>
        {others?.((work) => void run(work))}
      </form>
    </AuthPage>
  );
}
