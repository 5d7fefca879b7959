/** Everything below needs somebody signed in. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, useEffect } from "react";
import { createPath, Navigate, Outlet, useLocation } from "react-router";
import { forgetLoaded, sessionQuery } from "../api/session";
import { describeError } from "../api/words";
import { Button } from "../components/button";
import { Notice } from "../components/notice";
import { Part } from "../components/part";
import { Spinner } from "../components/spinner";

const FactorSetupPage = lazy(() => import("../features/settings/factor-setup-page"));

export function Protected() {
  const { t } = useLingui();
  const session = useQuery(sessionQuery);
  const location = useLocation();
  const queries = useQueryClient();
  const userId = session.data?.id;
  useEffect(() => (userId ? () => forgetLoaded(queries) : undefined), [queries, userId]);
  if (session.data?.second_factor_missing) {
    return (
      <Part fallback={<Spinner label={t`Loading`} />}>
        <FactorSetupPage />
      </Part>
    );
  }
  if (session.data) return <Outlet />;
  if (session.data === null) {
    return <Navigate to="/login" replace state={{ from: createPath(location) }} />;
  }
  if (session.isPending) return <Spinner label={t`Loading`} />;
  const words = describeError(session.error);
  return (
    <main>
      <Notice
        title={words.title}
        actions={
          <Button onClick={() => void session.refetch()}>
            <Trans>Try again</Trans>
          </Button>
        }
      >
        {words.advice}
      </Notice>
    </main>
  );
}
