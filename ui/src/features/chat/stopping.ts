/** Stopping an answer: its text is kept. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { patchMessage, stopAnswer } from "../../api/messages";
import { describeError } from "../../api/words";
import { showToast } from "../../components/toast";

export function useStopping(projectId: string | null, runningId: string | null) {
  const queries = useQueryClient();
  const [asked, setAsked] = useState<string | null>(null);

  async function stop() {
    if (!projectId || !runningId || asked === runningId) return;
    setAsked(runningId);
    try {
      const stopped = await stopAnswer(projectId, runningId);
      // The stream's end says the same; whichever comes first.
      if (stopped.status !== "running") patchMessage(queries, projectId, runningId, stopped);
    } catch (error) {
      setAsked(null);
      showToast(describeError(error).title);
    }
  }

  return { stop: () => void stop(), busy: asked !== null && asked === runningId };
}
