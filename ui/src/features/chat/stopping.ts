/** Stopping an answer: its text is kept. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { writeEnd } from "../../api/ending";
import { stopAnswer } from "../../api/messages";
import { showToast } from "../../components/toast";
import { describeRefusal } from "./words";

export function useStopping(projectId: string | null, runningId: string | null) {
  const queries = useQueryClient();
  const [asked, setAsked] = useState<string | null>(null);

  useEffect(() => {
    // It may go on later under the same id, and be stopped again.
    if (runningId === null) setAsked(null);
  }, [runningId]);

  async function stop() {
    if (!projectId || !runningId || asked === runningId) return;
    setAsked(runningId);
    try {
      const stopped = await stopAnswer(projectId, runningId);
      // The stream's end says the same; whichever comes first.
      if (stopped.status !== "running") writeEnd(queries, projectId, runningId, stopped);
    } catch (error) {
      setAsked(null);
      showToast(describeRefusal(error).title);
    }
  }

  return { stop: () => void stop(), busy: asked !== null && asked === runningId };
}
