/** Where one is signed in, and the way to end that. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { endOtherSessions, endSession, sessionsQuery } from "../../api/account";
import type { Device } from "../../api/client";
import { describeError } from "../../api/words";
import { Button } from "../../components/button";
import { PhoneIcon, SystemIcon } from "../../components/icons";
import { showToast } from "../../components/toast";
import { timeAgo } from "../../lib/time-ago";
import { deviceOf } from "./device-name";
import { Arrival, Section } from "./section";
import styles from "./settings.module.css";

export function Devices() {
  const { t } = useLingui();
  const queries = useQueryClient();
  const sessions = useQuery(sessionsQuery);
  /** Whose end is on its way; "others" for all but this one. */
  const [ending, setEnding] = useState<string | null>(null);

  async function end(what: string, run: () => Promise<void>, done: string) {
    if (ending) return;
    setEnding(what);
    try {
      await run();
      showToast(done, undefined, 3000);
    } catch (error) {
      showToast(describeError(error).title);
    } finally {
      setEnding(null);
    }
  }

  const all = (sessions.data ?? []).toSorted(
    (a, b) =>
      Number(b.is_current) - Number(a.is_current) || b.last_seen_at.localeCompare(a.last_seen_at),
  );
  return (
    <Section
      title={<Trans>Devices</Trans>}
      about={
        <Trans>Where you are signed in. End what you do not know, then change your password.</Trans>
      }
    >
      <Arrival of={sessions} />
      <ul className={styles.list}>
        {all.map((session) => (
          <DeviceRow
            key={session.id}
            session={session}
            busy={ending === session.id}
            onEnd={() =>
              void end(session.id, () => endSession(queries, session.id), t`Signed out there`)
            }
          />
        ))}
      </ul>
      {all.length > 1 && (
        <div>
          <Button
            busy={ending === "others"}
            onClick={() =>
              void end("others", () => endOtherSessions(queries), t`Signed out everywhere else`)
            }
          >
            <Trans>Sign out everywhere else</Trans>
          </Button>
        </div>
      )}
    </Section>
  );
}

interface DeviceRowProps {
  session: Device;
  busy: boolean;
  onEnd: () => void;
}

function DeviceRow({ session, busy, onEnd }: DeviceRowProps) {
  const { t, i18n } = useLingui();
  const { browser, system, kind } = deviceOf(session.user_agent);
  const name =
    browser && system ? t`${browser} on ${system}` : (browser ?? system ?? t`Unknown device`);
  const since = i18n.date(session.created_at, { dateStyle: "medium" });
  const seen = timeAgo(session.last_seen_at);
  return (
    <li className={styles.item}>
      {kind === "computer" ? <SystemIcon /> : <PhoneIcon />}
      <div className={styles.words}>
        <p className={styles.itemName}>
          <span title={session.user_agent ?? ""}>{name}</span>
          {session.is_current && (
            <span className={styles.badge}>
              <Trans>This device</Trans>
            </span>
          )}
        </p>
        <p className={styles.quiet}>
          {session.is_current ? (
            <Trans>Signed in since {since}</Trans>
          ) : (
            <Trans>
              Last seen {seen}, signed in since {since}
            </Trans>
          )}
          {session.address && <> · {session.address}</>}
        </p>
      </div>
      {!session.is_current && (
        <Button look="link" busy={busy} aria-label={t`Sign out ${name}`} onClick={onEnd}>
          <Trans>Sign out</Trans>
        </Button>
      )}
    </li>
  );
}
