/** For administrators: who did what, in sentences. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { auditQuery } from "../../api/audit";
import type { AuditEntry } from "../../api/client";
import { sayEntry } from "./audit-words";
import { Arrival, Section, ShowMore } from "./section";
import styles from "./settings.module.css";

export function AuditLog() {
  const { i18n } = useLingui();
  const log = useInfiniteQuery(auditQuery);
  const at = (entry: AuditEntry) =>
    i18n.date(entry.at, { dateStyle: "medium", timeStyle: "short" });
  return (
    <Section
      title={<Trans>Audit log</Trans>}
      about={
        <Trans>
          Who did what with accounts, keys, invitations, model servers and limits. What people talk
          about is never in it.
        </Trans>
      }
    >
      <Arrival of={log} />
      <ul className={styles.list}>
        {log.data?.pages
          .flatMap((page) => page.items)
          .map((entry) => (
            <li key={entry.id} className={styles.entry}>
              <p>{sayEntry(entry)}</p>
              <time className={styles.quiet} dateTime={entry.at}>
                {at(entry)}
              </time>
            </li>
          ))}
      </ul>
      <ShowMore of={log} />
    </Section>
  );
}
