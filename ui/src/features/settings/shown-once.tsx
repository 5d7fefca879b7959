/** A secret that cannot be shown again: nothing but a button takes it from the screen. */
import { Trans } from "@lingui/react/macro";
import { type ReactNode, useEffect, useRef } from "react";
import { Button } from "../../components/button";
import { CopyButton } from "../../components/copy-button";
import styles from "./settings.module.css";

interface ShownOnceProps {
  title: string;
  about: ReactNode;
  secret: string;
  copyLabel: string;
  onDone: () => void;
  /** What to do with it. */
  children: ReactNode;
}

export function ShownOnce({ title, about, secret, copyLabel, onDone, children }: ShownOnceProps) {
  return (
    <ShownOnceBox title={title}>
      <p>{about}</p>
      <div className={styles.secret}>
        <code>{secret}</code>
        <CopyButton text={secret} label={copyLabel} />
      </div>
      <p className={styles.quiet}>{children}</p>
      <div>
        <Button onClick={onDone}>
          <Trans>I have copied it</Trans>
        </Button>
      </div>
    </ShownOnceBox>
  );
}

/** It comes into view and is read out, because it will not come again. */
export function ShownOnceBox({ title, children }: { title: string; children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    box.current?.focus();
    box.current?.scrollIntoView({ block: "nearest" });
  }, []);

  return (
    // biome-ignore lint/a11y/useSemanticElements: it is no set of fields.
    <div className={styles.shownOnce} ref={box} tabIndex={-1} role="group" aria-label={title}>
      <p className={styles.itemName}>{title}</p>
      {children}
    </div>
  );
}
