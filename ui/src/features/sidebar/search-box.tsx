/** Where one types what to find. */
import { useLingui } from "@lingui/react/macro";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { IconButton } from "../../components/button";
import { CloseIcon, SearchIcon } from "../../components/icons";
import { composes } from "../../lib/composes";
import { keyCaps } from "../../lib/shortcuts";
import styles from "./sidebar.module.css";

interface SearchBoxProps {
  value: string;
  onChange: (value: string) => void;
  /** Counts the wishes to search: each one brings the focus here. */
  wishes: number;
  /** Leads from the box into what was found. */
  onDown: () => void;
}

/** The last wish that was fulfilled, so that a box that is made anew does not take the focus. */
let fulfilled = 0;

export function SearchBox({ value, onChange, wishes, onDown }: SearchBoxProps) {
  const { t } = useLingui();
  const box = useRef<HTMLInputElement>(null);

  useEffect(() => {
    if (wishes === fulfilled) return;
    fulfilled = wishes;
    // A drawer that is just opening takes the focus first.
    queueMicrotask(() => {
      box.current?.focus();
      box.current?.select();
    });
  }, [wishes]);

  function clear() {
    onChange("");
    box.current?.focus();
  }

  function press(event: KeyboardEvent) {
    if (composes(event.nativeEvent)) return;
    if (event.key === "ArrowDown") {
      event.preventDefault();
      onDown();
    }
    if (event.key !== "Escape" || !value) return;
    // Or the drawer around it would close as well.
    event.preventDefault();
    onChange("");
  }

  return (
    <div className={styles.search}>
      <SearchIcon size={18} />
      <input
        ref={box}
        type="search"
        value={value}
        maxLength={200}
        placeholder={t`Search`}
        aria-label={t`Search conversations`}
        enterKeyHint="search"
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={press}
      />
      {value ? (
        <IconButton label={t`Clear search`} onClick={clear}>
          <CloseIcon size={16} />
        </IconButton>
      ) : (
        <span className={styles.keys} aria-hidden="true">
          {keyCaps("search").join(" ")}
        </span>
      )}
    </div>
  );
}
