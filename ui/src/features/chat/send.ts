/** Sending a message: the conversation is made if there is none, the turn is started once. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { messagesQuery, showTurn, startTurn } from "../../api/messages";
import { codeOf } from "../../api/problem";
import { createProject, projectQuery, projectsQuery, showProject } from "../../api/projects";
import { backOff, wait } from "../../lib/back-off";
import { online } from "../../lib/online";
import { draftKey, requestIdFor, settleDraft, type Written } from "./draft";
import { rememberFirstTurn } from "./naming";
import { moveTray } from "./tray";

export interface Sending {
  /** The message on its way, shown before the server has answered. */
  pending: Written | null;
  error: unknown;
  send: (question: Written) => Promise<void>;
  /** Stops waiting for the network; the message goes back into the box. */
  takeBack: () => void;
  forgetError: () => void;
}

interface SendOptions {
  projectId: string | null;
  userId: string;
  model: string | null;
  draftKey: string;
  /** The message is in the conversation; it may leave the box. */
  onAccepted: (projectId: string) => void;
  /** It is not: it goes back into the box. */
  onRefused: (question: Written) => void;
}

export function useSending(options: SendOptions): Sending {
  const queries = useQueryClient();
  const [pending, setPending] = useState<Written | null>(null);
  const [error, setError] = useState<unknown>(null);
  const made = useRef<string | null>(null);
  const waiting = useRef<AbortController | null>(null);

  async function send(written: Written) {
    if (pending !== null) return;
    setPending(written);
    setError(null);
    const controller = new AbortController();
    const { signal } = controller;
    waiting.current = controller;
    let projectId = options.projectId ?? made.current;
    try {
      await online(signal);
      if (!projectId) {
        const project = await createProject();
        projectId = project.id;
        made.current = project.id;
        queries.setQueryData(projectQuery(project.id).queryKey, project);
        rememberFirstTurn(project.id);
      }
      const question = {
        content: written.text,
        client_request_id: requestIdFor(options.draftKey, written),
        ...(written.images.length > 0 ? { attachments: written.images.map(({ id }) => id) } : {}),
        ...(options.model ? { model: options.model } : {}),
      };
      const turn = await startTurn(projectId, question, async (attempt) => {
        await wait(backOff(attempt), signal);
        await online(signal);
      });
      await queries.cancelQueries({ queryKey: messagesQuery(projectId).queryKey });
      showTurn(queries, projectId, turn);
      const nextKey = draftKey(options.userId, projectId);
      settleDraft(options.draftKey, written, nextKey);
      moveTray(options.draftKey, nextKey);
      options.onAccepted(projectId);
      void refreshProject(queries, projectId);
    } catch (failure) {
      options.onRefused(written);
      if (signal.aborted) return;
      setError(failure);
      // Somebody's other tab is asking here: show its answer.
      if (codeOf(failure) === "answer_running" && projectId) {
        void queries.invalidateQueries({ queryKey: messagesQuery(projectId).queryKey });
      }
    } finally {
      setPending(null);
    }
  }

  const forgetError = useCallback(() => setError(null), []);
  const takeBack = useCallback(() => waiting.current?.abort(), []);
  return { pending, error, send, takeBack, forgetError };
}

/** The first words may have become its name, and it moves to the top of the list. */
export async function refreshProject(queries: QueryClient, projectId: string) {
  const project = await queries
    .fetchQuery({ ...projectQuery(projectId), staleTime: 0 })
    .catch(() => null);
  if (project && queries.getQueryData(projectsQuery.queryKey)) showProject(queries, project);
}
