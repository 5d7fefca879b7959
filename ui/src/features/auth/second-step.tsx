/** The second step of a sign-in: what proves, beside the password, that it is the person. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";
import type { User } from "../../api/client";
import { ProblemError } from "../../api/problem";
import { answerChallenge } from "../../api/session";
import { Button } from "../../components/button";
import { Field } from "../../components/field";
import { KeyIcon } from "../../components/icons";
import { AuthForm } from "./auth-form";

export interface Challenge {
  token: string;
  methods: readonly string[];
}

/** What the server asks for after the right password, if it asks for something. */
export function challengeOf(error: unknown): Challenge | null {
  if (!(error instanceof ProblemError) || error.problem.code !== "second_factor_required") {
    return null;
  }
  return { token: error.problem.challenge ?? "", methods: error.problem.methods ?? [] };
}

interface SecondStepProps {
  challenge: Challenge;
  onEnter: (user: User) => void;
  /** `null` where this browser knows no passkeys. */
  onPasskey: (() => Promise<void>) | null;
  onBack: () => void;
}

export function SecondStep({ challenge, onEnter, onPasskey, onBack }: SecondStepProps) {
  const { t } = useLingui();
  const { token, methods } = challenge;
  const hasApp = methods.includes("code");
  const [recovering, setRecovering] = useState(!hasApp);
  const passkey = methods.includes("passkey") ? onPasskey : null;

  async function send(form: FormData) {
    const said = String(form.get(recovering ? "recovery_code" : "code")).trim();
    onEnter(await answerChallenge(token, recovering ? { recovery_code: said } : { code: said }));
  }

  return (
    <AuthForm
      title={t`One more step`}
      submit={t`Sign in`}
      onSubmit={send}
      words={(code) =>
        code === "challenge_ended"
          ? {
              title: t`That took too long, or was tried too often.`,
              advice: t`Go back and begin with your password again.`,
            }
          : null
      }
      fields={(errorOf) =>
        recovering ? (
          <Field
            key="recovery_code"
            label={t`Recovery code`}
            name="recovery_code"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={40}
            required
            autoFocus
            hint={t`One of the codes that you kept when you set this up. Each works once.`}
            error={errorOf("recovery_code")}
          />
        ) : (
          <Field
            key="code"
            label={t`Code from your app`}
            name="code"
            autoComplete="one-time-code"
            inputMode="numeric"
            maxLength={20}
            required
            autoFocus
            hint={t`The six digits that your authenticator app shows.`}
            error={errorOf("code")}
          />
        )
      }
      others={(run) => (
        <>
          {passkey && (
            <Button onClick={() => run(passkey)}>
              <KeyIcon size={18} />
              <Trans>Use your passkey</Trans>
            </Button>
          )}
          {hasApp && (
            <Button look="link" onClick={() => setRecovering(!recovering)}>
              {recovering ? (
                <Trans>Use the code from your app</Trans>
              ) : (
                <Trans>Use a recovery code</Trans>
              )}
            </Button>
          )}
        </>
      )}
      foot={
        <Button look="link" onClick={onBack}>
          <Trans>Back to the password</Trans>
        </Button>
      }
    />
  );
}
