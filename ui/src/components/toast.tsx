/** Short messages at the foot of the page; one may carry an action such as Undo. */
import { useLingui } from "@lingui/react/macro";
import { createStore, useStore } from "../lib/store";
import { Button, IconButton } from "./button";
import { CloseIcon } from "./icons";
import styles from "./toast.module.css";

interface Toast {
  id: number;
  text: string;
  action?: { label: string; run: () => void };
}

const toasts = createStore<Toast[]>([]);
let lastId = 0;

/** Shows `text` for `milliseconds`; the result takes it away sooner. */
export function showToast(
  text: string,
  action?: Toast["action"],
  milliseconds = 6000,
): { close: () => void } {
  const id = ++lastId;
  const close = () => toasts.set(toasts.get().filter((toast) => toast.id !== id));
  toasts.set([...toasts.get().slice(-2), action ? { id, text, action } : { id, text }]);
  setTimeout(close, milliseconds);
  return { close };
}

/**
 * Shown at the root and again inside an open dialog, because a modal dialog makes everything else
 * unreachable; the style sheet hides the one that cannot be reached.
 */
export function Toasts() {
  const { t } = useLingui();
  const shown = useStore(toasts);
  const drop = (id: number) => toasts.set(toasts.get().filter((toast) => toast.id !== id));
  return (
    <div className={styles.toasts} role="status" aria-live="polite">
      {shown.map(({ id, text, action }) => (
        <div key={id} className={styles.toast}>
          <span className={styles.text}>{text}</span>
          {action && (
            <Button
              look="link"
              onClick={() => {
                drop(id);
                action.run();
              }}
            >
              {action.label}
            </Button>
          )}
          <IconButton label={t`Dismiss`} onClick={() => drop(id)}>
            <CloseIcon size={16} />
          </IconButton>
        </div>
      ))}
    </div>
  );
}
