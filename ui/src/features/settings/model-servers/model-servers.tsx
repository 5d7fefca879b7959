/** For administrators: the servers whose models everybody here talks to. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useIsFetching, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { ConfiguredProvider, Provider } from "../../../api/client";
import { providersQuery } from "../../../api/providers";
import { Button } from "../../../components/button";
import { ServerIcon } from "../../../components/icons";
import { Arrival, Section } from "../section";
import settings from "../settings.module.css";
import { ManageServer } from "./manage-server";
import styles from "./model-servers.module.css";
import { NewServerForm } from "./new-server-form";
import { useStateWords } from "./state";

/** The page can be opened here, as those who find no model are. */
const hash = "#model-servers";

export function ModelServers() {
  const servers = useQuery(providersQuery);
  const [adding, setAdding] = useState(false);
  const [managed, setManaged] = useState<string | null>(null);
  const place = useRef<HTMLDivElement>(null);
  const fixed = servers.data?.fixed_default_model;
  const shown = servers.data?.items.find(({ id }) => id === managed);
  // What arrives above would push it away again.
  const arrived = useIsFetching() === 0 && !servers.isPending;
  const sought = useRef(location.hash === hash);

  useEffect(() => {
    if (!arrived || !sought.current) return;
    sought.current = false;
    place.current?.scrollIntoView();
  }, [arrived]);

  return (
    <div ref={place} className={styles.place}>
      <Section
        title={<Trans>Model servers</Trans>}
        about={
          <Trans>
            Everything that speaks OpenAI's chat completions. What you change here holds at once,
            for everybody.
          </Trans>
        }
      >
        <Arrival of={servers} />
        {fixed && (
          <p className={settings.quiet}>
            <Trans>
              Without a choice, <code>{fixed}</code> answers: whoever runs this server set it as{" "}
              <code>LOQUAT_DEFAULT_MODEL</code>.
            </Trans>
          </p>
        )}
        <ul className={settings.list}>
          {servers.data?.items.map((server) => (
            <ServerRow key={server.id} of={server} onManage={() => setManaged(server.id)} />
          ))}
          {servers.data?.configured.map((server) => (
            <ServerRow key={`${server.source} ${server.name}`} of={server} />
          ))}
        </ul>
        {adding ? (
          <NewServerForm
            onMade={(made) => {
              setAdding(false);
              setManaged(made.id);
            }}
            onCancel={() => setAdding(false)}
          />
        ) : (
          <div>
            <Button onClick={() => setAdding(true)}>
              <Trans>Add a model server</Trans>
            </Button>
          </div>
        )}
        {shown && <ManageServer of={shown} onClose={() => setManaged(null)} />}
      </Section>
    </div>
  );
}

interface ServerRowProps {
  of: Provider | ConfiguredProvider;
  /** Those that were set elsewhere are only looked at. */
  onManage?: () => void;
}

function ServerRow({ of: server, onManage }: ServerRowProps) {
  const { t } = useLingui();
  const { name } = server;
  const { label, advice, tone } = useStateWords()(server);
  return (
    <li className={settings.item}>
      <ServerIcon />
      <div className={settings.words}>
        <p className={settings.itemName}>
          {name}
          <span className={styles.state} data-tone={tone}>
            {label}
          </span>
        </p>
        <p className={settings.quiet}>{server.base_url}</p>
        {"source" in server && (
          <p className={settings.quiet}>
            <Whence of={server} />
          </p>
        )}
        {advice && <p className={settings.quiet}>{advice}</p>}
      </div>
      {onManage && (
        <Button look="link" aria-label={t`Manage ${name}`} onClick={onManage}>
          <Trans>Manage</Trans>
        </Button>
      )}
    </li>
  );
}

function Whence({ of: { source } }: { of: ConfiguredProvider }) {
  switch (source) {
    case "environment":
      return <Trans>Set by OPENAI_BASE_URL and OPENAI_API_KEY; it is changed there.</Trans>;
    case "file":
      return <Trans>Set in the file of LOQUAT_PROVIDERS; it is changed there.</Trans>;
    default:
      return <Trans>Found on this server's own machine.</Trans>;
  }
}
