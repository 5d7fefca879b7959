/** A button of a message. What cannot be done now says why instead, and keeps the focus. */
import type { ReactNode } from "react";
import { IconButton } from "../../components/button";
import { showToast } from "../../components/toast";

interface MessageActionProps {
  label: string;
  /** Why it cannot be done now. */
  hindrance?: string | null;
  /** There is nothing to do: no reason is needed. */
  disabled?: boolean;
  busy?: boolean;
  /** With what shows the message. */
  onPress: (row: HTMLElement) => void;
  children: ReactNode;
}

export function MessageAction(props: MessageActionProps) {
  const { label, hindrance = null, disabled = false, busy = false, onPress, children } = props;
  return (
    <IconButton
      label={hindrance ? `${label}. ${hindrance}` : label}
      aria-disabled={hindrance !== null || disabled || busy || undefined}
      aria-busy={busy || undefined}
      onClick={(event) => {
        const row = messageRow(event.currentTarget);
        if (hindrance) showToast(hindrance);
        else if (row && !busy && !disabled) onPress(row);
      }}
    >
      {children}
    </IconButton>
  );
}

export function messageRow(element: HTMLElement): HTMLElement | null {
  return element.closest<HTMLElement>("[data-message]");
}
