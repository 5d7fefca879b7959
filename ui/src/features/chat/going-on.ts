/** Letting an answer that was cut short go on: the same message is running again, with its text. */
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import type { Message } from "../../api/client";
import { continueAnswer, messagesQuery, patchMessage } from "../../api/messages";
import { tellRefusal } from "./refusal";
import { useRequestIds } from "./request-ids";
import { refreshProject } from "./send";

export interface GoingOn {
  messageId: string;
  /** Why it cannot go on now, in words. */
  hindrance: string | null;
  /** It was asked to go on, and the server has not answered yet. */
  busy: boolean;
  go: () => void;
}

interface GoingOnOptions {
  projectId: string | null;
  /** The last message of what is shown: nothing else can go on. */
  last: Message | undefined;
  model: string | null;
  hindrance: string | null;
}

/** `null`: there is nothing that could go on. */
export function useGoingOn(options: GoingOnOptions): GoingOn | null {
  const { projectId, last, model, hindrance } = options;
  const queries = useQueryClient();
  const [asked, setAsked] = useState<string | null>(null);
  const ids = useRequestIds();

  async function go(messageId: string) {
    if (!projectId || asked !== null) return;
    setAsked(messageId);
    try {
      const turn = await continueAnswer(projectId, messageId, {
        client_request_id: ids.of(messageId),
        ...(model ? { model } : {}),
      });
      ids.settle(messageId);
      // An older list that is still on its way would say that it stands still.
      await queries.cancelQueries({ queryKey: messagesQuery(projectId).queryKey });
      patchMessage(queries, projectId, messageId, { ...cleared, ...turn.assistant_message });
      void refreshProject(queries, projectId);
    } catch (error) {
      ids.settle(messageId, error);
      tellRefusal(queries, projectId, error);
    } finally {
      setAsked(null);
    }
  }

  const latest = useRef(go);
  latest.current = go;
  const id = projectId && last && canGoOn(last) ? last.id : null;
  const busy = asked !== null && asked === id;
  // The messages on screen are remembered by what they are given.
  return useMemo(
    () =>
      id === null ? null : { messageId: id, hindrance, busy, go: () => void latest.current(id) },
    [id, hindrance, busy],
  );
}

/** What an answer had when it ended, and has no more. */
const cleared = { finish_reason: null, usage: null, failure: null };

export function canGoOn({ role, status, finish_reason }: Message): boolean {
  if (role !== "assistant") return false;
  if (status === "complete") return finish_reason === "length";
  return status !== "running";
}
