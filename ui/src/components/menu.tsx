/** A menu in a native popover: light dismissal, Escape and the top layer come from the browser. */
import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from "react";
import { classNames } from "../lib/class-names";
import styles from "./menu.module.css";
import { type Align, placeBeside, type Side } from "./place-beside";

interface MenuProps {
  label: string;
  /** What the button shows. */
  button: ReactNode;
  buttonClass?: string;
  /** Where the menu opens, seen from its button. */
  side?: Side;
  align?: Align;
  children: ReactNode;
}

export function Menu(props: MenuProps) {
  const { label, button, buttonClass, side = "below", align = "start", children } = props;
  const id = useId();
  const opener = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  // A long list has a menu in each of its rows, and shows one of them at most.
  const [filled, setFilled] = useState(false);

  function place() {
    const from = opener.current?.getBoundingClientRect();
    const menu = list.current;
    if (!from || !menu) return;
    placeBeside(from, menu, side, align);
  }

  function opened(isOpen: boolean) {
    opener.current?.setAttribute("aria-expanded", String(isOpen));
    // Not before it is closed: the focus goes back to the button only from within.
    setFilled(isOpen);
    if (!isOpen) return;
    place();
    const items = itemsOf(list.current);
    (items.find((item) => item.ariaChecked === "true") ?? items[0])?.focus();
  }

  function move(event: KeyboardEvent) {
    // The focus is back on the button by then, and goes on from there.
    if (event.key === "Tab") list.current?.hidePopover();
    const step = { ArrowDown: 1, ArrowUp: -1, Home: 0, End: 0 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const items = itemsOf(list.current);
    const at = items.indexOf(document.activeElement as HTMLElement);
    const next = event.key === "Home" ? 0 : event.key === "End" ? items.length - 1 : at + step;
    items[(next + items.length) % items.length]?.focus();
  }

  return (
    <>
      <button
        ref={opener}
        type="button"
        className={buttonClass}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded="false"
        title={label}
        popoverTarget={id}
      >
        {button}
      </button>
      <div
        ref={list}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        tabIndex={-1}
        className={styles.menu}
        onBeforeToggle={(event) => event.newState === "open" && setFilled(true)}
        onToggle={(event) => opened(event.newState === "open")}
        onKeyDown={move}
      >
        {filled && children}
      </div>
    </>
  );
}

function itemsOf(menu: HTMLElement | null): HTMLElement[] {
  return [...(menu?.querySelectorAll<HTMLElement>("[role^=menuitem]:not(:disabled)") ?? [])];
}

interface ItemProps {
  onChoose: () => void;
  children: ReactNode;
  /** For a choice among several: whether this one holds. */
  checked?: boolean;
  danger?: boolean;
  /** Stays open, for choices one may want to compare. */
  keepOpen?: boolean;
}

export function MenuItem({ onChoose, children, checked, danger, keepOpen }: ItemProps) {
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: the role depends on there being a choice.
    <button
      type="button"
      role={checked === undefined ? "menuitem" : "menuitemradio"}
      aria-checked={checked}
      tabIndex={-1}
      className={classNames(styles.item, danger && styles.danger)}
      onClick={(event) => {
        if (!keepOpen) event.currentTarget.closest<HTMLElement>("[popover]")?.hidePopover();
        onChoose();
      }}
    >
      {children}
    </button>
  );
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <div className={styles.label}>{children}</div>;
}
