/** Letting an answer that was cut short go on: the same message is running again, with its text. */
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import type { Message } from "../../api/client";
import { continueAnswer, messagesQuery, patchMessage } from "../../api/messages";
import { ConnectionError, codeOf, statusOf } from "../../api/problem";
import { describeError } from "../../api/words";
import { showToast } from "../../components/toast";
import { randomId } from "../../lib/ids";
import { refreshProject } from "./send";

export interface GoingOn {
  messageId: string;
  /** It was asked to go on, and the server has not answered yet. */
  busy: boolean;
  go: () => void;
}

interface GoingOnOptions {
  projectId: string | null;
  /** The last message of what is shown: nothing else can go on. */
  last: Message | undefined;
  model: string | null;
}

/** `null`: there is nothing that could go on. */
export function useGoingOn({ projectId, last, model }: GoingOnOptions): GoingOn | null {
  const queries = useQueryClient();
  const [asked, setAsked] = useState<string | null>(null);
  // Kept while nobody knows whether the server heard: asked again, it is still the same request.
  const request = useRef<{ messageId: string; id: string } | null>(null);

  async function go(messageId: string) {
    if (!projectId || asked !== null) return;
    if (request.current?.messageId !== messageId) request.current = { messageId, id: randomId() };
    setAsked(messageId);
    try {
      const turn = await continueAnswer(projectId, messageId, {
        client_request_id: request.current.id,
        ...(model ? { model } : {}),
      });
      request.current = null;
      // An older list that is still on its way would say that it stands still.
      await queries.cancelQueries({ queryKey: messagesQuery(projectId).queryKey });
      patchMessage(queries, projectId, messageId, { ...cleared, ...turn.assistant_message });
      void refreshProject(queries, projectId);
    } catch (error) {
      if (!(error instanceof ConnectionError)) request.current = null;
      const { title, advice } = describeError(error);
      // The advice on a running answer is about a message in the box.
      const words = codeOf(error) === "answer_running" ? title : `${title} ${advice}`;
      showToast(words.trim(), undefined, 10_000);
      // Something else has happened to it, in another tab perhaps: show what.
      if (statusOf(error) === 409 || statusOf(error) === 404) {
        void queries.invalidateQueries({ queryKey: messagesQuery(projectId).queryKey });
      }
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
    () => (id === null ? null : { messageId: id, busy, go: () => void latest.current(id) }),
    [id, busy],
  );
}

/** What an answer had when it ended, and has no more. */
const cleared = { finish_reason: null, usage: null, failure: null };

export function canGoOn({ role, status, finish_reason }: Message): boolean {
  if (role !== "assistant") return false;
  if (status === "complete") return finish_reason === "length";
  return status !== "running";
}
