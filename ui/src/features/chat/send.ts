/** Sending a message: the conversation is made if there is none, the turn is started once. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useCallback, useLayoutEffect, useRef } from "react";
import { messagesQuery, showTurn, startTurn } from "../../api/messages";
import { codeOf, statusOf } from "../../api/problem";
import { createProject, projectQuery, projectsQuery, showProject } from "../../api/projects";
import { backOff, wait } from "../../lib/back-off";
import { online } from "../../lib/online";
import { useStore } from "../../lib/store";
import {
  draftKey,
  inBox,
  keepDraft,
  keepMade,
  sendDraft,
  settleDraft,
  type Written,
} from "./draft";
import { rememberFirstTurn } from "./naming";
import { moveTray, putBack } from "./tray";
import { arrive, forgetError, type Standing, showWay, signedOut, wayOf } from "./under-way";

export interface Sending extends Standing {
  send: (question: Written) => Promise<void>;
  /** Stops waiting for the network; the message goes back into the box. */
  takeBack: () => void;
  /** Only of this code, where one is given. */
  forgetError: (code?: string) => void;
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
  const key = options.draftKey;
  const way = wayOf(key);
  const standing = useStore(way);
  const latest = useRef(options);
  latest.current = options;

  useLayoutEffect(
    () =>
      showWay(way, {
        accepted: (projectId) => latest.current.onAccepted(projectId),
        refused: (written) => latest.current.onRefused(written),
      }),
    [way],
  );

  return {
    ...standing,
    send: (written) => send(queries, options, written),
    takeBack: useCallback(() => way.leaving?.abort(), [way]),
    forgetError: useCallback(
      (code) => {
        if (!code || codeOf(way.get().error) === code) forgetError(key);
      },
      [way, key],
    ),
  };
}

async function send(queries: QueryClient, options: SendOptions, written: Written) {
  const { draftKey: key, userId, model } = options;
  const way = wayOf(key);
  if (way.get().pending !== null) return;
  const controller = new AbortController();
  const { signal } = controller;
  way.leaving = controller;
  way.set({ pending: written, error: null });
  const sent = sendDraft(key, written);
  const known = options.projectId ?? sent.projectId ?? way.made;
  let projectId = known;
  let asked = false;

  async function make() {
    const project = await createProject();
    if (signal.reason === signedOut) throw signedOut;
    projectId = project.id;
    keepMade(key, sent, project.id);
    queries.setQueryData(projectQuery(project.id).queryKey, project);
    signal.throwIfAborted();
    return project.id;
  }

  function ask(projectId: string) {
    asked = true;
    if (!options.projectId) rememberFirstTurn(projectId);
    const question = {
      content: written.text,
      client_request_id: sent.requestId,
      ...(written.images.length > 0 ? { attachments: written.images.map(({ id }) => id) } : {}),
      ...(model ? { model } : {}),
    };
    return startTurn(projectId, question, async (attempt) => {
      await wait(backOff(attempt), signal);
      await online(signal);
    });
  }

  try {
    await online(signal);
    const turn = await ask(known ?? (await make())).catch(async (failure) => {
      // What was made for it before was deleted meanwhile.
      if (options.projectId || !known || codeOf(failure) !== "not_found") throw failure;
      return ask(await make());
    });
    projectId = turn.user_message.project_id;
    await queries.cancelQueries({ queryKey: messagesQuery(projectId).queryKey });
    if (signal.reason === signedOut) return;
    showTurn(queries, projectId, turn);
    const nextKey = draftKey(userId, projectId);
    settleDraft(key, sent, nextKey);
    moveTray(key, nextKey);
    arrive(way, projectId, projectId !== options.projectId);
    void refreshProject(queries, projectId);
  } catch (failure) {
    if (signal.reason === signedOut) return;
    // Whether it has arrived is known only from a server that says no; then the next one can go there.
    const empty = !asked || (statusOf(failure) ?? 500) < 500;
    way.made = empty && !options.projectId ? projectId : null;
    way.set({ pending: null, error: signal.aborted ? null : failure });
    putBack(key, written.images);
    way.shower?.refused(written);
    // Sent once more it is another question.
    if (codeOf(failure) === "client_request_id_reused") keepDraft(key, inBox(key));
    // Somebody's other tab is asking here: show its answer.
    if (codeOf(failure) === "answer_running" && projectId) {
      void queries.invalidateQueries({ queryKey: messagesQuery(projectId).queryKey });
    }
  }
}

/** The first words may have become its name, and it moves to the top of the list. */
export async function refreshProject(queries: QueryClient, projectId: string) {
  const project = await queries
    .fetchQuery({ ...projectQuery(projectId), staleTime: 0 })
    .catch(() => null);
  if (project && queries.getQueryData(projectsQuery.queryKey)) showProject(queries, project);
}
