import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, Navigate, useLocation } from "react-router";
import type { User } from "../../api/client";
import { knowsPasskeys } from "../../api/passkeys";
import {
  departure,
  enterSession,
  login,
  loginWithPasskey,
  settingsQuery,
  useUser,
} from "../../api/session";
import { Button } from "../../components/button";
import { Field } from "../../components/field";
import { KeyIcon } from "../../components/icons";
import { useStore } from "../../lib/store";
import { AuthForm } from "./auth-form";
import { comingFrom } from "./coming-from";
import { type Challenge, challengeOf, SecondStep } from "./second-step";

export function LoginPage() {
  const { t } = useLingui();
  const queries = useQueryClient();
  const location = useLocation();
  const why = useStore(departure);
  const [challenge, setChallenge] = useState<Challenge | null>(null);
  const settings = useQuery(settingsQuery).data;
  const signup = settings?.signup;
  const passkeys = !!settings?.passkeys && knowsPasskeys();
  const user = useUser();
  if (user) return <Navigate to={comingFrom(location.state)} replace />;

  function enter(signedIn: User) {
    departure.set(null);
    enterSession(queries, signedIn);
  }

  async function signIn(form: FormData) {
    try {
      enter(await login(String(form.get("email")).trim(), String(form.get("password"))));
    } catch (error) {
      const challenge = challengeOf(error);
      if (!challenge) throw error;
      setChallenge(challenge);
    }
  }

  async function byPasskey() {
    const signedIn = await loginWithPasskey();
    if (signedIn) enter(signedIn);
  }

  if (challenge) {
    return (
      <SecondStep
        challenge={challenge}
        onEnter={enter}
        onPasskey={passkeys ? byPasskey : null}
        onBack={() => setChallenge(null)}
      />
    );
  }

  return (
    <AuthForm
      title={t`Welcome back`}
      submit={t`Sign in`}
      reason={
        why === "expired" ? (
          <Trans>Your session has ended. Sign in again; what you were writing is kept.</Trans>
        ) : why === "left" ? (
          <Trans>You are signed out.</Trans>
        ) : why === "unheard" ? (
          <Trans>
            You are signed out in this browser. The server could not be reached, and is told as soon
            as it can be.
          </Trans>
        ) : why === "deleted" ? (
          <Trans>Your account is deleted, with everything that was in it.</Trans>
        ) : why === "reset" ? (
          <Trans>Your new password is set. Sign in with it.</Trans>
        ) : null
      }
      onSubmit={signIn}
      words={(code) =>
        code === "wrong_credentials"
          ? {
              title: t`That email and password do not belong together.`,
              advice: t`Check both and try again.`,
            }
          : null
      }
      fields={(errorOf) => (
        <>
          <Field
            label={t`Email`}
            name="email"
            type="email"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            autoFocus
            error={errorOf("email")}
          />
          <Field
            label={t`Password`}
            name="password"
            type="password"
            autoComplete="current-password"
            required
            error={errorOf("password")}
          />
        </>
      )}
      others={(run) =>
        passkeys && (
          <Button onClick={() => run(byPasskey)}>
            <KeyIcon size={18} />
            <Trans>Sign in with a passkey</Trans>
          </Button>
        )
      }
      foot={
        signup === "closed" ? (
          <Trans>New accounts come from whoever runs this server.</Trans>
        ) : signup === "invite" ? (
          <Trans>New accounts are by invitation: ask whoever runs this server.</Trans>
        ) : (
          <Trans>
            New here?{" "}
            <Link to="/register" state={location.state}>
              Create an account
            </Link>
          </Trans>
        )
      }
    />
  );
}
