/** What can be done to a message so that another branch is shown, or none of it is left. */
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import {
  deleteMessage,
  editQuestion,
  loadBranch,
  regenerateAnswer,
  showBranch,
  showTurnInstead,
} from "../../api/branches";
import type { Message, Turn } from "../../api/client";
import type { ImagesTaken } from "./attaching";
import { draftKey, noDraft, requestIdFor, type Written, writeDraft } from "./draft";
import { focusComposerInsteadOf } from "./focus-composer";
import { lookAgain, tellRefusal } from "./refusal";
import { useRequestIds } from "./request-ids";
import { refreshProject } from "./send";
import type { StickToBottom } from "./stick-to-bottom";
import { forgetTray } from "./tray";

export interface Branching {
  /** Why no model can be asked now, in words; `null` when one can. */
  hindrance: string | null;
  /** The message for which the server is being asked. */
  busy: string | null;
  /** The model that is asked next. */
  model: string | null;
  /** Whether that one takes images. */
  images: ImagesTaken;
  /** Under which the new words for a question are kept. */
  editKey: (messageId: string) => string;
  /** `row` is what shows the message: it stays where it is. */
  regenerate: (message: Message, row: HTMLElement) => void;
  /** Fails with what the server said, and nothing is lost. */
  edit: (message: Message, written: Written, row: HTMLElement) => Promise<void>;
  show: (message: Message, siblingId: string, row: HTMLElement) => void;
  /** Shows the branch of a message that is not shown, whose place nobody knows. */
  reveal: (messageId: string) => void;
  remove: (message: Message, row: HTMLElement) => void;
}

interface BranchingOptions {
  projectId: string | null;
  userId: string;
  model: string | null;
  images: ImagesTaken;
  hindrance: string | null;
  hold: StickToBottom["hold"];
  onDeleted: () => void;
}

export function useBranching(options: BranchingOptions): Branching {
  const { hindrance, model, userId, projectId } = options;
  const { offered, imageless } = options.images;
  const queries = useQueryClient();
  const [busy, setBusy] = useState<string | null>(null);
  const ids = useRequestIds();
  const latest = useRef({ ...options, busy });
  latest.current = { ...options, busy };

  return useMemo(() => {
    const project = projectId ?? "";
    const choice = () => (latest.current.model ? { model: latest.current.model } : {});
    const editKey = (messageId: string) => `${draftKey(userId, projectId)}.edit.${messageId}`;

    async function during(messageId: string, run: () => Promise<void>) {
      if (latest.current.busy !== null) return;
      latest.current.busy = messageId;
      setBusy(messageId);
      try {
        await run();
      } finally {
        setBusy(null);
      }
    }

    async function showInstead(message: Message, turn: Turn, row: HTMLElement) {
      const release = latest.current.hold(row, "follow");
      await showTurnInstead(queries, project, message.id, turn);
      release();
      void refreshProject(queries, project);
    }

    /** Does what has no words to lose, and tells in passing what is in the way. */
    async function attempt(messageId: string, run: () => Promise<void>) {
      try {
        await during(messageId, run);
      } catch (error) {
        tellRefusal(queries, project, error);
      }
    }

    async function regenerate(message: Message, row: HTMLElement) {
      const client_request_id = ids.of(message.id);
      try {
        const body = { client_request_id, ...choice() };
        const turn = await regenerateAnswer(project, message.id, body);
        ids.settle(message.id);
        await showInstead(message, turn, row);
      } catch (error) {
        ids.settle(message.id, error);
        throw error;
      }
    }

    async function edit(message: Message, written: Written, row: HTMLElement) {
      const key = editKey(message.id);
      const client_request_id = requestIdFor(key, written);
      try {
        const attachments = written.images.map(({ id }) => id);
        const body = { content: written.text, attachments, client_request_id, ...choice() };
        const turn = await editQuestion(project, message.id, body);
        writeDraft(key, noDraft);
        forgetTray(key);
        await showInstead(message, turn, row);
      } catch (error) {
        lookAgain(queries, project, error);
        throw error;
      }
    }

    async function show(message: Message, siblingId: string, row: HTMLElement) {
      const release = latest.current.hold(row, "stay");
      await showBranch(queries, project, message.id, siblingId).finally(release);
    }

    async function reveal(messageId: string) {
      await showBranch(queries, project, messageId, messageId);
    }

    async function remove(message: Message, row: HTMLElement) {
      await deleteMessage(project, message.id);
      const release = latest.current.hold(row, "stay");
      await loadBranch(queries, project, message.id).finally(release);
      focusComposerInsteadOf(row);
      latest.current.onDeleted();
      void refreshProject(queries, project);
    }

    return {
      hindrance,
      busy,
      model,
      images: { offered, imageless },
      editKey,
      regenerate: (message, row) => void attempt(message.id, () => regenerate(message, row)),
      edit: (message, written, row) => during(message.id, () => edit(message, written, row)),
      show: (message, siblingId, row) =>
        void attempt(message.id, () => show(message, siblingId, row)),
      reveal: (messageId) => void attempt(messageId, () => reveal(messageId)),
      remove: (message, row) => void attempt(message.id, () => remove(message, row)),
    };
  }, [hindrance, busy, model, offered, imageless, userId, projectId, queries, ids]);
}
