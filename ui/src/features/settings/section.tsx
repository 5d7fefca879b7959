/** One subject of the settings: its name, a sentence about it, and what can be done. */
import { Trans, useLingui } from "@lingui/react/macro";
import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useId } from "react";
import { describeError, type Words } from "../../api/words";
import { Button } from "../../components/button";
import { Notice } from "../../components/notice";
import { Spinner } from "../../components/spinner";
import styles from "./settings.module.css";

interface SectionProps {
  title: ReactNode;
  about?: ReactNode;
  children: ReactNode;
}

export function Section({ title, about, children }: SectionProps) {
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {about && <p className={styles.about}>{about}</p>}
      {children}
    </section>
  );
}

export function Failure({ words }: { words: Words | null }) {
  return words && <Notice title={words.title}>{words.advice}</Notice>;
}

/** What stands in the place of a list that is not there yet. */
export function Arrival({ of: query }: { of: UseQueryResult<unknown> }) {
  const { t } = useLingui();
  if (query.isPending) return <Spinner label={t`Loading`} />;
  if (!query.isError) return null;
  return (
    <>
      <Failure words={describeError(query.error)} />
      <div>
        <Button onClick={() => void query.refetch()}>
          <Trans>Try again</Trans>
        </Button>
      </div>
    </>
  );
}
