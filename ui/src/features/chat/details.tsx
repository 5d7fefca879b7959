/** What is known of an answer: its model, its tokens, how fast it was. */
import { Trans, useLingui } from "@lingui/react/macro";
import { Fragment, type ReactNode } from "react";
import type { Message, Timing } from "../../api/client";
import { InfoIcon } from "../../components/icons";
import { Popover } from "../../components/popover";
import { duration } from "../../lib/duration";
import styles from "./details.module.css";
import { wordsPerSecond } from "./words-per-second";

export function Details({ message }: { message: Message }) {
  const { t } = useLingui();
  return (
    <Popover label={t`About this answer`} icon={<InfoIcon size={18} />}>
      {() => <Facts message={message} />}
    </Popover>
  );
}

export function Facts({ message }: { message: Message }) {
  const { t, i18n } = useLingui();
  const { model, usage, timing } = message;
  const about = usage?.estimated ?? false;
  const tokens = (count: number | null | undefined) =>
    count != null && <Count of={count} about={about} />;
  const time = (milliseconds: number | null | undefined) =>
    milliseconds != null && duration(milliseconds);
  const speed = timing && wordsPerSecond(message.content, writingTime(timing));
  const rows: [label: string, value: ReactNode][] = [
    [t`Model`, model],
    [t`Tokens read`, tokens(usage?.prompt_tokens)],
    [t`Tokens written`, tokens(usage?.completion_tokens)],
    [t`of these, thinking`, Boolean(usage?.reasoning_tokens) && tokens(usage?.reasoning_tokens)],
    [t`First word after`, timing && time(firstWord(timing))],
    [t`Thought for`, time(timing?.reasoning_ms)],
    [t`Words a second`, speed != null && i18n.number(speed, { maximumFractionDigits: 0 })],
    [t`Took`, time(timing?.duration_ms)],
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

/** From the question to the first word of the answer, the thinking before it included. */
function firstWord({ first_token_ms, reasoning_ms }: Timing): number | null {
  return first_token_ms == null ? null : first_token_ms + (reasoning_ms ?? 0);
}

function writingTime(timing: Timing): number {
  return timing.duration_ms - (firstWord(timing) ?? timing.duration_ms);
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
