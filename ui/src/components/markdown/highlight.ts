/** Colours for code, worked out in a worker so that scrolling never waits for them. */
import workerUrl from "./highlight.worker?worker&url";

/** A run of text and what it is, in highlight.js's words (`keyword`, `string`, …). */
export type Piece = [text: string, scope: string | null];

interface TrustedTypes {
  createPolicy: (
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ) => { createScriptURL: (url: string) => string };
}

let worker: Worker | null | undefined;
let lastId = 0;
const waiting = new Map<number, (pieces: Piece[] | null) => void>();

export function highlight(code: string, language: string): Promise<Piece[] | null> {
  worker ??= startWorker();
  const running = worker;
  // Colouring a whole book is no help to its reader.
  if (!running || code.length > 100_000) return Promise.resolve(null);
  const id = ++lastId;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    running.postMessage({ id, code, language });
  });
}

function startWorker(): Worker | null {
  if (typeof Worker === "undefined") return null;
  const started = new Worker(trusted(workerUrl), { type: "module" });
  started.onmessage = ({ data }: MessageEvent<{ id: number; pieces: Piece[] | null }>) => {
    waiting.get(data.id)?.(data.pieces);
    waiting.delete(data.id);
  };
  started.onerror = () => {
    for (const resolve of waiting.values()) resolve(null);
    waiting.clear();
  };
  return started;
}

/** The content policy lets exactly one policy name a script, and this is its only use. */
function trusted(url: string): string {
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  if (!types) return url;
  const policy = types.createPolicy("loquat-worker", {
    createScriptURL: (asked) => {
      if (new URL(asked, location.href).origin !== location.origin) throw new TypeError(asked);
      return asked;
    },
  });
  return policy.createScriptURL(url);
}
