/** Where the link of an administrator leads: a new password, once. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useLocation, useNavigate } from "react-router";
import { departure, enterSession, fetchSession, resetPassword } from "../../api/session";
import { Field } from "../../components/field";
import { Notice } from "../../components/notice";
import { showToast } from "../../components/toast";
import { AuthForm } from "./auth-form";
import { AuthPage } from "./auth-page";

export default function ResetPage() {
  const { t } = useLingui();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const token = new URLSearchParams(useLocation().hash.slice(1)).get("token");
  const foot = (
    <Trans>
      You know your password? <Link to="/login">Sign in</Link>
    </Trans>
  );
  if (!token) {
    return (
      <AuthPage title={t`Set a new password`} foot={foot}>
        <Notice title={<Trans>This link is not whole.</Trans>}>
          <Trans>Open it once more, or ask whoever runs this server for a new one.</Trans>
        </Notice>
      </AuthPage>
    );
  }

  async function set(form: FormData) {
    await resetPassword(token ?? "", String(form.get("password")));
    // Whoever was signed in to this account here is not any more; somebody else still is.
    const user = await fetchSession().catch(() => null);
    enterSession(queries, user);
    departure.set(user ? null : "reset");
    if (user) showToast(t`The new password is set.`);
    navigate(user ? "/" : "/login", { replace: true });
  }

  return (
    <AuthForm
      title={t`Set a new password`}
      submit={t`Set password`}
      onSubmit={set}
      fields={(errorOf) => (
        <Field
          label={t`New password`}
          name="password"
          type="password"
          autoComplete="new-password"
          required
          autoFocus
          error={errorOf("password")}
          hint={t`A long sentence is easier to remember than a short riddle.`}
        />
      )}
      foot={foot}
    />
  );
}
