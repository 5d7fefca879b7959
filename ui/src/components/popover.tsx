/** A small panel behind an icon, made only while it is open. */
import { type ReactNode, useId, useRef, useState } from "react";
import { IconButton } from "./button";
import { placeBeside } from "./place-beside";
import styles from "./popover.module.css";

interface PopoverProps {
  label: string;
  icon: ReactNode;
  /** Rendered when it opens, and again with its surroundings. */
  children: () => ReactNode;
}

export function Popover({ label, icon, children }: PopoverProps) {
  const id = useId();
  const opener = useRef<HTMLSpanElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);

  function place() {
    const from = opener.current?.getBoundingClientRect();
    if (from && panel.current) placeBeside(from, panel.current, "above", "start");
  }

  return (
    <span ref={opener}>
      <IconButton label={label} popoverTarget={id} aria-expanded={open}>
        {icon}
      </IconButton>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for what is filled in. */}
      <div
        ref={panel}
        id={id}
        popover="auto"
        role="group"
        aria-label={label}
        className={styles.popover}
        onBeforeToggle={(event) => setOpen(event.newState === "open")}
        onToggle={(event) => event.newState === "open" && place()}
      >
        {open && children()}
      </div>
    </span>
  );
}
