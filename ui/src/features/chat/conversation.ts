/** The conversation on screen, as far as it is loaded. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { inReadingOrder, messagesQuery } from "../../api/messages";
import { projectQuery } from "../../api/projects";

/** How often to ask whether an answer that is not followed here is over, in ms. */
const glance = 5_000;

/** `wanted`: the message to go back to; nothing is shown until that is loaded as well. */
export function useConversation(projectId: string | null, wanted: string | null) {
  const enabled = projectId !== null;
  const loaded = useInfiniteQuery({ ...messagesQuery(projectId ?? ""), enabled });
  const all = useMemo(() => (loaded.data ? inReadingOrder(loaded.data) : null), [loaded.data]);
  const [seeking, setSeeking] = useState(wanted !== null);
  const found = all?.some(({ id }) => id === wanted) || (all && !loaded.hasNextPage);
  const done = !seeking || found || loaded.isFetchNextPageError;
  const messages = done ? all : null;
  const { fetchNextPage, isFetching } = loaded;
  useEffect(() => {
    if (done) setSeeking(false);
    else if (all && !isFetching) void fetchNextPage();
  }, [done, all, isFetching, fetchNextPage]);
  const last = messages?.at(-1);
  const running = last?.status === "running" ? last : null;
  const project = useQuery({
    ...projectQuery(projectId ?? ""),
    enabled,
    refetchInterval: ({ state }) => (isElsewhere(state.data?.live_message_id) ? glance : false),
  });

  function isElsewhere(id: string | null | undefined): boolean {
    return Boolean(id && messages?.every((message) => message.id !== id));
  }

  const live = project.data?.live_message_id;
  return {
    project,
    loaded,
    messages,
    last,
    running,
    /** The answer that is being written on a branch that is not shown. */
    elsewhere: isElsewhere(live) ? (live ?? null) : null,
  };
}
