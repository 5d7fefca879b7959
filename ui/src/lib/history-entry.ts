/** Entries of the history, by what they show. */
import type { Location } from "react-router";

/** The name of the entry whose page is shown: under an open drawer it stays that of the page itself. */
export function entryBeneath({ state, key }: Location): string {
  return (state as { beneath?: string } | null)?.beneath ?? key;
}

/** Whether *back* would leave this page. A redirect may have replaced what was opened first. */
export function isFirstEntry(): boolean {
  // The router numbers its entries.
  return ((history.state as { idx?: number } | null)?.idx ?? 0) === 0;
}
