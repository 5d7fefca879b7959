/** The live answer of the conversation on screen: heard from its stream, settled into the cache. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Message } from "../../api/client";
import { writeEnd } from "../../api/ending";
import { messagesQuery, streamUrl } from "../../api/messages";
import type { Problem } from "../../api/problem";
import { patchProject } from "../../api/projects";
import { leaveSession, sessionState } from "../../api/session";
import { follow, type Line, type StreamEvent, type Verdict } from "../../api/stream";
import { createStore, type Store } from "../../lib/store";
import { type Answer, beginAnswer, hearAll } from "./transcript";

export interface LiveAnswer {
  messageId: string;
  answer: Store<Answer>;
  line: Store<Line>;
  retry: () => void;
}

/** Follows `message` while it is `running`; closes on its end and on leaving. */
export function useLiveAnswer(projectId: string, message: Message | null): LiveAnswer | null {
  const queries = useQueryClient();
  const [live, setLive] = useState<LiveAnswer | null>(null);
  const id = message?.status === "running" ? message.id : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a refetch of the same answer is no news.
  useEffect(() => {
    if (!id || !message) return;
    const started = followAnswer(queries, projectId, message);
    setLive(started.live);
    return () => {
      started.close();
      setLive(null);
    };
  }, [queries, projectId, id]);
  return live?.messageId === id ? live : null;
}

export function followAnswer(queries: QueryClient, projectId: string, message: Message) {
  const answer = createStore(beginAnswer(message));
  const line = createStore<Line>("connecting");

  function onEvents(events: StreamEvent[]) {
    const next = hearAll(answer.get(), events);
    answer.set(next);
    if (next.gap) stream.reopen();
    if (next.name) patchProject(queries, projectId, { name: next.name });
    if (next.end || next.failure) settle(queries, projectId, message.id, next);
  }

  async function onGivenUp(): Promise<Verdict> {
    const session = await sessionState();
    if (session === "signed_out") {
      leaveSession(queries, "expired");
      return "finished";
    }
    if (session === "unreachable") return "retry";
    await queries.refetchQueries({ queryKey: messagesQuery(projectId).queryKey });
    const pages = queries.getQueryData(messagesQuery(projectId).queryKey)?.pages ?? [];
    const now = pages.flatMap((page) => page.items).find((item) => item.id === message.id);
    return now?.status === "running" ? "retry" : "finished";
  }

  const stream = follow(streamUrl(projectId, message.id), {
    onEvents,
    onLine: line.set,
    onGivenUp,
  });
  const live: LiveAnswer = { messageId: message.id, answer, line, retry: stream.reopen };
  return { live, close: stream.close };
}

/** Writes the outcome into the cache, so that the finished message needs no request. */
export function settle(queries: QueryClient, projectId: string, messageId: string, state: Answer) {
  const { end, failure, shown } = state;
  writeEnd(queries, projectId, messageId, {
    content: shown.content,
    reasoning: shown.reasoning || undefined,
    status: end ? end.status : "failed",
    finish_reason: end?.finish_reason ?? undefined,
    usage: end?.usage ?? undefined,
    timing: end?.timing ?? undefined,
    failure: failure ? toFailure(failure) : undefined,
  });
}

/** The event says in how many seconds, the message at what time. */
function toFailure({ code, detail, retry_after }: Problem): Message["failure"] {
  if (!retry_after) return { code, detail };
  return { code, detail, retry_at: new Date(Date.now() + retry_after * 1000).toISOString() };
}
