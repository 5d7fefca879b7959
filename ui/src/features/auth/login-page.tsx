import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Navigate, useLocation } from "react-router";
import { departure, enterSession, login, settingsQuery, useUser } from "../../api/session";
import { Field } from "../../components/field";
import { useStore } from "../../lib/store";
import { AuthForm } from "./auth-form";
import { comingFrom } from "./coming-from";

export function LoginPage() {
  const { t } = useLingui();
  const queries = useQueryClient();
  const location = useLocation();
  const why = useStore(departure);
  const signup = useQuery(settingsQuery).data?.signup;
  const user = useUser();
  if (user) return <Navigate to={comingFrom(location.state)} replace />;

  async function signIn(form: FormData) {
    const signedIn = await login(String(form.get("email")).trim(), String(form.get("password")));
    departure.set(null);
    enterSession(queries, signedIn);
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
