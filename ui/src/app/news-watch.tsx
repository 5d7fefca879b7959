/** Keeps what every tab shows of one mind, for as long as somebody is signed in. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { listen } from "../api/live";
import { hearNews, refresh } from "../api/news";
import { leaveSession, useUser } from "../api/session";

export function NewsWatch() {
  const queries = useQueryClient();
  const user = useUser();
  // Whoever has to set a second factor up first hears nothing yet.
  const userId = user?.second_factor_missing ? undefined : user?.id;
  useEffect(() => {
    if (!userId) return;
    return listen({
      onNews: (news) => hearNews(queries, news),
      onBack: () => refresh(queries),
      onSignedOut: () => leaveSession(queries, "expired"),
    });
  }, [queries, userId]);
  return null;
}
