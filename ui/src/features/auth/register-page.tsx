import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, Navigate, useLocation } from "react-router";
import {
  departure,
  enterSession,
  login,
  logout,
  register,
  settingsQuery,
  useUser,
} from "../../api/session";
import { Button } from "../../components/button";
import { Field } from "../../components/field";
import { Notice } from "../../components/notice";
import { AuthForm } from "./auth-form";
import { AuthPage } from "./auth-page";
import { comingFrom } from "./coming-from";

export default function RegisterPage() {
  const { t } = useLingui();
  const queries = useQueryClient();
  const location = useLocation();
  const signup = useQuery(settingsQuery).data?.signup;
  const user = useUser();
  const [cameAs] = useState(user);
  const invite = new URLSearchParams(location.hash.slice(1)).get("invite");
  if (user && user === cameAs && invite) return <InvitedAlready email={user.email} />;
  if (user) return <Navigate to={comingFrom(location.state)} replace />;
  if (!invite && (signup === "closed" || signup === "invite")) {
    return <NoSignup invite={signup === "invite"} />;
  }

  async function signUp(form: FormData) {
    const email = String(form.get("email")).trim();
    const password = String(form.get("password"));
    const name = String(form.get("name")).trim() || null;
    await register({ email, password, name, invite });
    const user = await login(email, password);
    departure.set(null);
    enterSession(queries, user);
  }

  return (
    <AuthForm
      title={t`Create your account`}
      submit={t`Create account`}
      reason={invite && <Trans>You are invited.</Trans>}
      onSubmit={signUp}
      words={(code) =>
        code === "email_taken"
          ? { title: t`This email already has an account.`, advice: t`Sign in instead.` }
          : null
      }
      fields={(errorOf) => (
        <>
          <Field
            label={t`Name`}
            name="name"
            autoComplete="name"
            placeholder={t`What you would like to be called`}
            autoFocus
            error={errorOf("name")}
          />
          <Field
            label={t`Email`}
            name="email"
            type="email"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            error={errorOf("email")}
          />
          <Field
            label={t`Password`}
            name="password"
            type="password"
            autoComplete="new-password"
            required
            error={errorOf("password")}
            hint={t`A long sentence is easier to remember than a short riddle.`}
          />
        </>
      )}
      foot={
        <Trans>
          Already registered?{" "}
          <Link to="/login" state={location.state}>
            Sign in
          </Link>
        </Trans>
      }
    />
  );
}

/** An invitation makes a new account, which whoever is signed in hardly wants, unless the computer is shared. */
function InvitedAlready({ email }: { email: string }) {
  const { t } = useLingui();
  const queries = useQueryClient();
  return (
    <AuthPage
      title={t`You are signed in`}
      foot={
        <Link to="/">
          <Trans>Back to the conversations</Trans>
        </Link>
      }
    >
      <Notice tone="calm" title={<Trans>You have an account here: {email}.</Trans>}>
        <Trans>
          This invitation lets one person create a new account. Pass it on, or sign out to use it
          yourself.
        </Trans>
      </Notice>
      <Button onClick={() => void logout(queries)}>
        <Trans>Sign out and use it</Trans>
      </Button>
    </AuthPage>
  );
}

/** Where one cannot register oneself, the page says who can help. */
function NoSignup({ invite }: { invite: boolean }) {
  const { t } = useLingui();
  return (
    <AuthPage
      title={invite ? t`By invitation only` : t`New accounts are closed here.`}
      foot={
        <Trans>
          Already registered? <Link to="/login">Sign in</Link>
        </Trans>
      }
    >
      <Notice
        tone="calm"
        title={
          invite ? (
            <Trans>Nobody can register alone on this server.</Trans>
          ) : (
            <Trans>This server takes no new people at the moment.</Trans>
          )
        }
      >
        <Trans>Ask whoever runs it to create an account for you.</Trans>
      </Notice>
    </AuthPage>
  );
}
