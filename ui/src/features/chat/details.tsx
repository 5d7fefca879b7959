/** What is known of an answer: its model, its tokens, how fast it was. */
import { Trans, useLingui } from "@lingui/react/macro";
import { Fragment, type ReactNode } from "react";
import type { Message } from "../../api/client";
import { InfoIcon } from "../../components/icons";
import { Popover } from "../../components/popover";
import { duration } from "../../lib/duration";
import styles from "./details.module.css";
import { type Times, thinkingTime, timesOf } from "./times";
import { wordsPerSecond } from "./words-per-second";

export function Details({ message }: { message: Message }) {
  const { t } = useLingui();
  return (
    <Popover label={t`About this answer`} icon={<InfoIcon size={18} />}>
      {() => <Facts message={message} times={timesOf(message.id)} />}
    </Popover>
  );
}

export function Facts({ message, times }: { message: Message; times: Times }) {
  const { t, i18n } = useLingui();
  const { model, usage } = message;
  const about = usage?.estimated ?? false;
  const tokens = (count: number | null | undefined) =>
    count != null && <Count of={count} about={about} />;
  const span = (from?: number, until?: number) =>
    from !== undefined && until !== undefined && until >= from && duration(until - from);
  const speed = wordsPerSecond(message.content, times);
  const rows: [label: string, value: ReactNode][] = [
    [t`Model`, model],
    [t`Tokens read`, tokens(usage?.prompt_tokens)],
    [t`Tokens written`, tokens(usage?.completion_tokens)],
    [t`of these, thinking`, Boolean(usage?.reasoning_tokens) && tokens(usage?.reasoning_tokens)],
    [t`First word after`, span(times.asked, times.spoke)],
    [t`Thought for`, thinkingTime(times) !== undefined && duration(thinkingTime(times) ?? 0)],
    [t`Words a second`, speed !== null && i18n.number(speed, { maximumFractionDigits: 0 })],
    [t`Took`, took(message, times)],
  ];
  return (
    <>
      <dl className={styles.facts}>
        {rows.map(
          ([label, value]) =>
            value && (
              <Fragment key={label}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </Fragment>
            ),
        )}
      </dl>
      {about && (
        <p className={styles.note}>
          <Trans>Estimated by the length of the text; the provider did not count.</Trans>
        </p>
      )}
      {usage?.cached && (
        <p className={styles.note}>
          <Trans>From the cache: the same was asked before, so this cost nothing.</Trans>
        </p>
      )}
    </>
  );
}

/** As lived here, else as the server has it. */
function took({ created_at, updated_at }: Message, { asked, ended }: Times): ReactNode {
  if (asked !== undefined && ended !== undefined) return duration(ended - asked);
  const milliseconds = Date.parse(updated_at) - Date.parse(created_at);
  // What went on later has a pause in it that was no work.
  return milliseconds >= 50 && milliseconds < 3_600_000 && duration(milliseconds);
}

function Count({ of, about }: { of: number; about: boolean }) {
  const { i18n } = useLingui();
  return (
    <>
      {about && (
        <>
          <span aria-hidden="true">≈ </span>
          <span className="visually-hidden">
            <Trans>about</Trans>{" "}
          </span>
        </>
      )}
      {i18n.number(of)}
    </>
  );
}
