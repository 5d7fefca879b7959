/** Attaching to a question, as little of it as the page needs before anybody does. */
import { useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { modelsQuery } from "../../api/models";
import { showToast } from "../../components/toast";
import type { Taker } from "./take-files";

export interface ImagesTaken {
  /** Images can go with a question. */
  offered: boolean;
  /** The name of the model where they cannot; both are false until that is known. */
  imageless: string | null;
}

export function useImagesTaken(model: string | null): ImagesTaken {
  const asked = useQuery(modelsQuery).data?.find(({ id }) => id === model);
  return {
    offered: asked?.images === true,
    imageless: asked && !asked.images ? asked.name : null,
  };
}

export function useTake(taker: Taker): (files: File[]) => void {
  const { t } = useLingui();
  return (files) => {
    if (files.length === 0) return;
    import("./take-files").then(
      ({ takeFiles }) => takeFiles(files, taker),
      () => showToast(t`The server cannot be reached.`),
    );
  };
}

/** The files of a paste; none where it is a text, of which some programs paste a picture too. */
export function pastedFiles(data: DataTransfer): File[] {
  const files = [...data.files];
  const text = data.getData("text/plain");
  return text === "" || files.some(({ name }) => text.includes(name)) ? files : [];
}

/** Takes files that are dropped anywhere on the page. Whether some hang over it. */
export function useFileDrop(take: (files: File[]) => void): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    let leaving = 0;
    function hover(event: DragEvent) {
      const { type, dataTransfer } = event;
      if (!dataTransfer?.types.includes("Files")) return;
      clearTimeout(leaving);
      // Else the browser would open them in place of the page.
      event.preventDefault();
      if (document.querySelector("dialog[open]")) {
        // It covers what they would be dropped on.
        dataTransfer.dropEffect = "none";
        return setOver(false);
      }
      setOver(type === "dragover");
      if (type === "drop") latest.current([...dataTransfer.files]);
    }
    function leave() {
      // Also said of each element on the way; the next moment tells.
      clearTimeout(leaving);
      leaving = window.setTimeout(() => setOver(false), 150);
    }
    const listeners = { dragover: hover, drop: hover, dragleave: leave };
    for (const [name, listener] of Object.entries(listeners)) {
      addEventListener(name, listener as EventListener);
    }
    return () => {
      clearTimeout(leaving);
      for (const [name, listener] of Object.entries(listeners)) {
        removeEventListener(name, listener as EventListener);
      }
    };
  }, []);
  return over;
}
