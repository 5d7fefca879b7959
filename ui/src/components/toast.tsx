/** Short messages at the foot of the page; one may carry an action such as Undo. */
import { useLingui } from "@lingui/react/macro";
import { type FocusEvent, type PointerEvent, useEffect, useRef } from "react";
import { useShortcut } from "../lib/shortcuts";
import { createStore, useStore } from "../lib/store";
import { Button, IconButton } from "./button";
import { CloseIcon } from "./icons";
import styles from "./toast.module.css";

interface Action {
  label: string;
  run: () => void;
  /** It takes something back, which a key does as well. */
  undo?: boolean;
  /** What happens once it cannot be chosen any more. */
  otherwise?: () => void;
}

interface Toast {
  id: number;
  text: string;
  action?: Action;
}

/** How long one stays, in ms, and since when that time runs. */
interface Clock {
  left: number;
  since: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

const toasts = createStore<Toast[]>([]);
const clocks = new Map<number, Clock>();
/** Toasts with the pointer on them or the focus in them. As long as there are any, no clock runs. */
const held = new Set<string>();
let lastId = 0;
/** How many without an action stand there at most, a new one included. */
const most = 3;
/** Time to leave a toast that was held until its end, in ms. */
const grace = 1000;

/** Shows `text` for `milliseconds`; the result takes it away sooner. */
export function showToast(
  text: string,
  action?: Action,
  milliseconds = 6000,
): { close: () => void } {
  const id = ++lastId;
  const before = toasts.get();
  for (const old of before.slice(0, 1 - most)) if (!old.action) drop(old.id);
  toasts.set([...toasts.get(), action ? { id, text, action } : { id, text }]);
  clocks.set(id, { left: milliseconds, since: 0, timer: undefined });
  if (held.size === 0) start(id);
  return { close: () => drop(id) };
}

/** Takes them all away, as when nobody is signed in any more. */
export function closeToasts(): void {
  for (const { id } of toasts.get()) drop(id);
}

function start(id: number) {
  const clock = clocks.get(id);
  if (!clock) return;
  clock.since = Date.now();
  clock.timer = setTimeout(() => drop(id), clock.left);
}

function hold(name: string) {
  if (held.size === 0) {
    for (const clock of clocks.values()) {
      clearTimeout(clock.timer);
      clock.left = Math.max(grace, clock.left - (Date.now() - clock.since));
    }
  }
  held.add(name);
}

function release(name: string) {
  if (held.delete(name) && held.size === 0) for (const id of clocks.keys()) start(id);
}

function drop(id: number, chosen = false) {
  const toast = toasts.get().find((other) => other.id === id);
  if (!toast) return;
  clearTimeout(clocks.get(id)?.timer);
  clocks.delete(id);
  toasts.set(toasts.get().filter((other) => other !== toast));
  if (!chosen) toast.action?.otherwise?.();
}

function choose({ id, action }: Toast) {
  drop(id, true);
  action?.run();
}

/** The key that takes back what the newest toast tells of. In the page once, unlike the toasts. */
export function UndoKey() {
  const newest = useStore(toasts).findLast(({ action }) => action?.undo);
  useShortcut("undo", () => newest && choose(newest), newest !== undefined);
  return null;
}

/**
 * Shown at the root and again inside an open dialog, because a modal dialog makes everything else
 * unreachable; the style sheet hides the one that cannot be reached.
 */
export function Toasts() {
  const shown = useStore(toasts);
  return (
    <div className={styles.toasts} role="status" aria-live="polite">
      {shown.map((toast) => (
        <Shown key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function Shown({ toast }: { toast: Toast }) {
  const { t } = useLingui();
  const { id, text, action } = toast;
  const cameFrom = useRef<EventTarget | null>(null);
  const [pointed, focused] = [`${id} pointed`, `${id} focused`];

  useEffect(
    // What is gone says neither that the pointer left it nor that the focus did.
    () => () => {
      release(pointed);
      release(focused);
    },
    [pointed, focused],
  );

  /** Whether the focus comes from outside, or goes there. */
  const crosses = ({ currentTarget, relatedTarget }: FocusEvent) =>
    !currentTarget.contains(relatedTarget);

  /** The focus goes back, because the button that has it goes away. */
  function leave(then: () => void) {
    if (cameFrom.current instanceof HTMLElement) cameFrom.current.focus({ preventScroll: true });
    then();
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: being on it is no act, only time to read.
    <div
      className={styles.toast}
      // A finger has left again already.
      onPointerEnter={(event: PointerEvent) => event.pointerType !== "touch" && hold(pointed)}
      onPointerLeave={() => release(pointed)}
      onFocus={(event) => {
        if (!crosses(event)) return;
        cameFrom.current = event.relatedTarget;
        hold(focused);
      }}
      onBlur={(event) => crosses(event) && release(focused)}
    >
      <span className={styles.text}>{text}</span>
      {action && (
        <Button look="link" onClick={() => leave(() => choose(toast))}>
          {action.label}
        </Button>
      )}
      <IconButton label={t`Dismiss`} onClick={() => leave(() => drop(id))}>
        <CloseIcon size={16} />
      </IconButton>
    </div>
  );
}
