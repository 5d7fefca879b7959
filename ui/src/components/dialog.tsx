/** A native modal dialog: the browser traps the focus, closes on Escape and gives the focus back. */
import { useLingui } from "@lingui/react/macro";
import { type MouseEvent, type ReactNode, useEffect, useLayoutEffect, useRef } from "react";
import { classNames } from "../lib/class-names";
import { IconButton } from "./button";
import styles from "./dialog.module.css";
import { CloseIcon } from "./icons";
import { Toasts } from "./toast";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  /** `drawer` comes in from the side, without a heading of its own. */
  kind?: "dialog" | "drawer";
  size?: "narrow" | "wide";
  /** A click beside it does not close it: there is something in it to lose. */
  steady?: boolean;
  children: ReactNode;
}

export function Dialog(props: DialogProps) {
  const { open, onClose, title, kind = "dialog", size, steady = false, children } = props;
  const { t } = useLingui();
  const dialog = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    const element = dialog.current;
    if (open && element && !element.open) element.showModal();
    if (!open && element?.open) element.close();
  }, [open]);

  // The browser gives the focus back on closing, and not where an open dialog is taken out of the page.
  useLayoutEffect(() => {
    const element = dialog.current;
    return () => element?.close();
  }, []);

  function closeOnBackdrop(event: MouseEvent) {
    if (event.target === dialog.current && !steady) onClose();
  }

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard closes a dialog with Escape.
    <dialog
      ref={dialog}
      className={classNames(styles[kind], size === "wide" && styles.wide)}
      data-kind={kind}
      aria-label={title}
      onClose={onClose}
      onClick={closeOnBackdrop}
    >
      {open && kind === "dialog" && (
        <div className={styles.body}>
          <header className={styles.header}>
            <h2>{title}</h2>
            <IconButton label={t`Close`} onClick={onClose}>
              <CloseIcon />
            </IconButton>
          </header>
          {children}
        </div>
      )}
      {open && kind === "drawer" && <div className={styles.body}>{children}</div>}
      {open && <Toasts />}
    </dialog>
  );
}
