/** Keeps every tab of the same mind about who is signed in. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { onNoLongerSo, onSignedOut } from "../api/client";
import { finishSigningOut, leaveSession, sessionQuery } from "../api/session";
import { hearTabs } from "../lib/tabs";

export function SessionWatch() {
  const queries = useQueryClient();
  useEffect(() => {
    finishSigningOut();
    onSignedOut(() => leaveSession(queries, "expired"));
    onNoLongerSo(() => void queries.invalidateQueries({ queryKey: sessionQuery.queryKey }));
    return hearTabs((word) => {
      if (word.type === "signed_out") return leaveSession(queries, "left");
      // Another account must not find this one's conversations on screen.
      if (queries.getQueryData(sessionQuery.queryKey)?.id !== word.userId) location.reload();
    });
  }, [queries]);
  return null;
}
