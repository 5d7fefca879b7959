/** The conversation on screen, as far as it is loaded. */
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { showBranch } from "../../api/branches";
import { inReadingOrder, messagesQuery } from "../../api/messages";
import { projectQuery } from "../../api/projects";

/** How often to ask whether an answer that is not followed here is over, in ms. */
const glance = 5_000;

/**
 * `wanted`: the message to go to; nothing is shown until that is loaded as well. `named`: it was asked for, by a search's hit
 * say, so that the version in which it stands is shown.
 */
export function useConversation(projectId: string | null, wanted: string | null, named: boolean) {
  const enabled = projectId !== null;
  const loaded = useInfiniteQuery({ ...messagesQuery(projectId ?? ""), enabled });
  const all = useMemo(() => (loaded.data ? inReadingOrder(loaded.data) : null), [loaded.data]);
  const queries = useQueryClient();
  const [seeking, setSeeking] = useState(wanted !== null);
  const [elsewhereToo, setElsewhereToo] = useState(named);
  const turning = useRef(false);
  const isThere = all?.some(({ id }) => id === wanted);
  const isOver = Boolean(all && !isThere && !loaded.hasNextPage);
  const done = !seeking || isThere || (isOver && !elsewhereToo) || loaded.isFetchNextPageError;
  const messages = done ? all : null;
  const { fetchNextPage, isFetching } = loaded;
  useEffect(() => {
    if (done) return setSeeking(false);
    if (!all || isFetching || turning.current) return;
    if (!isOver) return void fetchNextPage();
    if (!projectId || !wanted) return;
    turning.current = true;
    showBranch(queries, projectId, wanted, wanted)
      // It is gone, or an answer is being written, which nobody is to be taken away from.
      .catch(() => {})
      .finally(() => {
        turning.current = false;
        setElsewhereToo(false);
      });
  }, [done, all, isOver, isFetching, fetchNextPage, queries, projectId, wanted]);
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
