/** The page's keys: one list, for handling them and for showing them under `?`. */
import { useEffect, useRef } from "react";
import { composes } from "./composes";

export type Shortcut =
  | "new_chat"
  | "search"
  | "focus_composer"
  | "stop"
  | "previous"
  | "next"
  | "copy_answer"
  | "toggle_sidebar"
  | "settings"
  | "undo"
  | "help";

interface Keys {
  key: string;
  /** Ctrl, or Command on a Mac. */
  mod?: boolean;
  /** Ctrl everywhere: Command with this key belongs to the browser. */
  ctrl?: boolean;
  shift?: boolean;
  alt?: boolean;
  /** Fields have a meaning of their own for it. */
  field?: boolean;
}

export const shortcuts: Record<Shortcut, Keys> = {
  new_chat: { key: "o", mod: true, shift: true },
  search: { key: "k", mod: true },
  focus_composer: { key: "Escape", shift: true },
  stop: { key: ".", mod: true },
  previous: { key: "ArrowUp", alt: true, shift: true },
  next: { key: "ArrowDown", alt: true, shift: true },
  copy_answer: { key: "y", mod: true, shift: true },
  toggle_sidebar: { key: "b", mod: true },
  settings: { key: ",", ctrl: true },
  undo: { key: "z", mod: true, field: true },
  help: { key: "?" },
};

type Press = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

export function matches(event: Press, keys: Keys): boolean {
  if (event.key.toLowerCase() !== keys.key.toLowerCase()) return false;
  const mod = keys.ctrl ? event.ctrlKey && !event.metaKey : event.ctrlKey || event.metaKey;
  if (mod !== Boolean(keys.mod || keys.ctrl)) return false;
  if (event.altKey !== Boolean(keys.alt)) return false;
  // Where `?` is on the keyboard decides whether it needs Shift.
  return keys.key === "?" || event.shiftKey === Boolean(keys.shift);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** Whether this press means something to the field it is typed into. */
function belongsToField(keys: Keys, target: EventTarget | null): boolean {
  if (!isTyping(target)) return false;
  if (keys.field) return true;
  if (keys.mod || keys.ctrl) return false;
  // Option with an arrow selects by paragraphs, as far as there are any.
  if (keys.alt) return mac && (target as HTMLInputElement).value !== "";
  return keys.key.length === 1;
}

/** An open dialog hides what the keys are about; the drawer is the sidebar itself. */
function isCovered(): boolean {
  return document.querySelector("dialog[open]:not([data-kind=drawer])") !== null;
}

export function useShortcut(name: Shortcut, run: () => void, enabled = true): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (!enabled) return;
    const keys = shortcuts[name];
    function press(event: KeyboardEvent) {
      if (composes(event) || event.repeat || !matches(event, keys)) return;
      if (belongsToField(keys, event.target) || isCovered()) return;
      event.preventDefault();
      latest.current();
    }
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [name, enabled]);
}

const mac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

/** The caps to draw for a shortcut, in the order they are pressed. */
export function keyCaps(name: Shortcut): string[] {
  const { key, mod, ctrl, shift, alt } = shortcuts[name];
  const names: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };
  const caps: string[] = [];
  if (mod) caps.push(mac ? "⌘" : "Ctrl");
  if (ctrl) caps.push(mac ? "⌃" : "Ctrl");
  if (alt) caps.push(mac ? "⌥" : "Alt");
  if (shift) caps.push(mac ? "⇧" : "Shift");
  return [...caps, names[key] ?? key.toUpperCase()];
}
