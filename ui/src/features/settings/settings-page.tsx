/** Everything that is a person's own to set; each subject is a section, one below the other. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { sessionQuery, useUser, version } from "../../api/session";
import { IconButton } from "../../components/button";
import { BackIcon } from "../../components/icons";
import { ApiKeys } from "./api-keys";
import { Appearance } from "./appearance";
import { AuditLog } from "./audit-log";
import { Devices } from "./devices";
import { Invitations } from "./invitations";
import { Limits } from "./limits/limits";
import { ModelServers } from "./model-servers/model-servers";
import { OwnData } from "./own-data";
import { Passkeys } from "./passkeys";
import { Password } from "./password";
import { People } from "./people";
import { Profile } from "./profile";
import styles from "./settings.module.css";
import { TwoStep } from "./two-step";

interface SettingsPageProps {
  leading: ReactNode;
  onBack: () => void;
}

export default function SettingsPage({ leading, onBack }: SettingsPageProps) {
  const { t } = useLingui();
  const title = t`Settings`;
  const user = useUser();
  const queries = useQueryClient();

  useEffect(() => {
    document.title = `${title} · Loquat`;
  }, [title]);

  // An administrator may have given or taken a role, and nothing tells.
  useEffect(() => void queries.invalidateQueries({ queryKey: sessionQuery.queryKey }), [queries]);

  return (
    <div className={styles.page}>
      <header className={styles.header}>
        {leading}
        <IconButton label={t`Back`} onClick={onBack}>
          <BackIcon />
        </IconButton>
        <h1>{title}</h1>
      </header>
      <div className={styles.scroll}>
        <div className={styles.column}>
          <Profile />
          <Appearance />
          <Password />
          <TwoStep />
          <Passkeys />
          <Devices />
          <ApiKeys />
          {user?.role === "admin" && (
            <>
              <People />
              <Invitations />
              <ModelServers />
              <Limits />
              <AuditLog />
            </>
          )}
          <OwnData />
          <About />
        </div>
      </div>
    </div>
  );
}

/** What this is, and whose work is in it. */
function About() {
  return (
    <p className={styles.colophon}>
      Loquat {version} ·{" "}
      <a href="/licenses.txt" target="_blank" rel="noreferrer">
        <Trans>Licences</Trans>
      </a>{" "}
      ·{" "}
      <a href="/api/docs" target="_blank" rel="noreferrer">
        <Trans>API</Trans>
      </a>
    </p>
  );
}
