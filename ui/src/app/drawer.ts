/**
 * Whether the drawer is open is kept in the history: *back* closes it, as everything on a phone that
 * covers something else, and going somewhere from it takes its place.
 */
import { useRef } from "react";
import { useLocation, useNavigate } from "react-router";
import { entryBeneath } from "../lib/history-entry";

/** After a reload the page begins with the conversation again. */
const keyAtLoad = (history.state as { key?: string } | null)?.key ?? "default";

export function useDrawer(allowed: boolean) {
  const navigate = useNavigate();
  const location = useLocation();
  const { pathname, search, hash, state, key } = location;
  const closed = useRef("");
  const covers = (state as { drawer?: boolean } | null)?.drawer === true;
  const isOpen = allowed && covers && key !== keyAtLoad;

  return {
    isOpen,
    /** The page beneath stays what it is, and where it is. */
    open: () =>
      navigate(
        { pathname, search, hash },
        { state: { ...state, drawer: true, beneath: entryBeneath(location) } },
      ),
    close() {
      // Once for each opening: going back takes a moment, and twice would leave the page.
      if (!isOpen || closed.current === key) return;
      closed.current = key;
      navigate(-1);
    },
  };
}
