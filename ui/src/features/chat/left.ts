/** Where a conversation begins on screen. */
import { useEffect, useState } from "react";
import { useLocation } from "react-router";
import { entryBeneath } from "../../lib/history-entry";
import { loadInTab, saveInTab } from "../../lib/storage";
import { type Place, placeNamed, readPlace } from "./place";

/**
 * At the message that the address names, such as a search's hit, but only the first time: whoever
 * comes back to that entry of the history, or reloads it, wants to be where they were.
 */
export function useLeft(conversation: string): Place | null {
  const location = useLocation();
  const named = placeNamed(location.hash);
  // The first entry of a tab has the same name for every address.
  const visit = named && `visited.${entryBeneath(location)}.${named.messageId}`;
  const [left] = useState(() =>
    named && visit && loadInTab(visit) === null ? named : readPlace(conversation),
  );
  useEffect(() => {
    if (visit) saveInTab(visit, "1");
  }, [visit]);
  return left;
}
