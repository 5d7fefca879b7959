/** A calm box that says what happened, and what can be done about it. */
import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";
import { classNames } from "../lib/class-names";
import { CopyButton } from "./copy-button";
import { AlertIcon } from "./icons";
import styles from "./notice.module.css";

interface NoticeProps {
  title: ReactNode;
  children?: ReactNode;
  icon?: ReactNode;
  tone?: "trouble" | "calm";
  /** Shown small and copyable, for the log of whoever runs the server. */
  requestId?: string | null | undefined;
  copyLabel?: string;
  actions?: ReactNode;
}

export function Notice(props: NoticeProps) {
  const { title, children, icon, tone = "trouble", requestId, copyLabel = "", actions } = props;
  return (
    <div className={classNames(styles.notice, styles[tone])} role="status">
      <span className={styles.icon}>{icon ?? <AlertIcon size={18} />}</span>
      <div className={styles.words}>
        <p className={styles.title}>{title}</p>
        {children && <p>{children}</p>}
        {requestId && (
          <p className={styles.request}>
            <Trans>
              Request <code>{requestId}</code>
            </Trans>
            <CopyButton text={requestId} label={copyLabel} />
          </p>
        )}
      </div>
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
