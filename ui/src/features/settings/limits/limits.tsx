/** For administrators: what everybody may do, and how to change it while the server runs. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Limit } from "../../../api/client";
import { limitsQuery } from "../../../api/limits";
import { Button } from "../../../components/button";
import { classNames } from "../../../lib/class-names";
import { Arrival, Section } from "../section";
import settings from "../settings.module.css";
import { ChangeLimit } from "./change-limit";
import styles from "./limits.module.css";
import { type LimitName, type LimitWords, limitWords, sayLimit } from "./words";

export function Limits() {
  const limits = useQuery(limitsQuery);
  const [changing, setChanging] = useState<LimitName | null>(null);
  const { data } = limits;
  const words = limitWords();
  const open = words.find(([name]) => name === changing);
  return (
    <Section
      title={<Trans>Limits</Trans>}
      anchor="limits"
      about={
        <Trans>
          What everybody on this server may do. A change holds at once, and also after a restart;
          nobody is cut off in the middle of something.
        </Trans>
      }
    >
      <Arrival of={limits} />
      {data && (
        <ul className={settings.list}>
          {words.map(([name, words]) => (
            <LimitRow key={name} of={data[name]} words={words} onChange={() => setChanging(name)} />
          ))}
        </ul>
      )}
      {data && open && (
        <ChangeLimit
          name={open[0]}
          of={data[open[0]]}
          words={open[1]}
          onClose={() => setChanging(null)}
        />
      )}
    </Section>
  );
}

interface LimitRowProps {
  of: Limit;
  words: LimitWords;
  onChange: () => void;
}

function LimitRow({ of: limit, words, onChange }: LimitRowProps) {
  const { t, i18n } = useLingui();
  const { title, about, unit } = words;
  const say = (value: number) => sayLimit(value, unit !== undefined, i18n.locale);
  const asStarted = say(limit.as_started);
  return (
    <li className={classNames(settings.item, styles.row)}>
      <div className={settings.words}>
        <p className={settings.itemName}>{title}</p>
        <p className={settings.quiet}>{about}</p>
        {limit.is_set && (
          <p className={settings.quiet}>
            <span className={settings.badge}>
              <Trans>Changed</Trans>
            </span>{" "}
            <Trans>As started: {asStarted}</Trans>
          </p>
        )}
      </div>
      <span className={styles.value}>
        {limit.value === 0 ? <Trans>No limit</Trans> : say(limit.value)}
      </span>
      <Button look="link" aria-label={t`Change: ${title}`} onClick={onChange}>
        <Trans>Change</Trans>
      </Button>
    </li>
  );
}
