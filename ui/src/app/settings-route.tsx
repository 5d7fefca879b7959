/** The settings, which nobody waits for who only came to talk. */
import { useLingui } from "@lingui/react/macro";
import { lazy } from "react";
import { useNavigate } from "react-router";
import { Part } from "../components/part";
import { Spinner } from "../components/spinner";
import { isFirstEntry } from "../lib/history-entry";
import { useFrame } from "./shell";

const SettingsPage = lazy(() => import("../features/settings/settings-page"));

export function SettingsRoute() {
  const { t } = useLingui();
  const navigate = useNavigate();
  const { leading } = useFrame();
  return (
    <Part fallback={<Spinner label={t`Loading`} />}>
      <SettingsPage
        leading={leading}
        onBack={() => (isFirstEntry() ? navigate("/") : navigate(-1))}
      />
    </Part>
  );
}
