/**
 * Follows one answer over EventSource, for as long as it takes.
 *
 * EventSource reconnects by itself after a clean break and re-sends the last position; it cannot
 * tell a status, gives up on a 503, and never notices a silent line. This adds what it lacks: a
 * back-off of our own, a watchdog, closing with the page, and one hand-over of events per frame.
 */
import { backOff } from "../lib/back-off";
import type { Problem } from "./problem";
import type { components } from "./schema";

export type StreamEvent =
  /** A new stream begins from the start of the answer: what follows repeats what is known. */
  | { type: "reopened" }
  | { type: "start" }
  | { type: "delta" | "reasoning"; position: number; text: string }
  | { type: "queued"; place: number }
  | { type: "snapshot"; position: number; content: string; reasoning: string | null }
  | { type: "name"; name: string }
  | { type: "end"; end: End }
  | { type: "failed"; problem: Problem };

export type End = components["schemas"]["End"];

/** `lost` means: we are trying again by ourselves. */
export type Line = "connecting" | "open" | "lost" | "closed";

/** What to do about a line that the browser gave up on. */
export type Verdict = "retry" | "finished";

export interface Follower {
  onEvents: (events: StreamEvent[]) => void;
  onLine: (line: Line) => void;
  /** Asked when the browser gave up: is there anything left to follow? */
  onGivenUp: () => Promise<Verdict>;
}

export interface Stream {
  close: () => void;
  /** Opens a new stream from the start of the answer, now. */
  reopen: () => void;
}

/** The server writes a comment every 15 s, which scripts cannot see: after this, ask again. */
export const silence = 40_000;

export function follow(url: string, follower: Follower): Stream {
  let source: EventSource | null = null;
  let attempt = 0;
  let done = false;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  const frames = handOverOncePerFrame(follower.onEvents);

  function open() {
    shut();
    if (done) return;
    const mine = new EventSource(url);
    source = mine;
    frames.push({ type: "reopened" });
    watch();
    mine.onopen = () => {
      if (source !== mine) return;
      watch();
      follower.onLine("open");
    };
    mine.onerror = () => {
      if (source !== mine) return;
      follower.onLine("lost");
      if (mine.readyState === EventSource.CLOSED) void givenUp(mine);
    };
    const hear = (event: MessageEvent<string>) => {
      if (source !== mine) return;
      attempt = 0;
      watch();
      const read = readEvent(event);
      if (!read) return;
      frames.push(read);
      if (read.type === "end" || read.type === "failed") finish();
    };
    for (const name of eventNames) mine.addEventListener(name, hear);
  }

  function shut() {
    source?.close();
    source = null;
    clearTimeout(retryTimer);
    clearTimeout(watchdog);
  }

  function watch() {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => {
      follower.onLine("connecting");
      open();
    }, silence);
  }

  async function givenUp(mine: EventSource) {
    clearTimeout(watchdog);
    const verdict = await follower.onGivenUp().catch((): Verdict => "retry");
    if (done || source !== mine) return;
    if (verdict === "finished") return finish();
    retryTimer = setTimeout(open, backOff(attempt++));
  }

  function finish() {
    stop();
    frames.flush();
    follower.onLine("closed");
  }

  function stop() {
    done = true;
    shut();
    removeEventListener("pagehide", shut);
    removeEventListener("pageshow", resume);
    removeEventListener("online", reopen);
  }

  // A page kept in the back-forward cache must not hold one of the few connections.
  function resume(event: PageTransitionEvent) {
    if (event.persisted) reopen();
  }

  function reopen() {
    attempt = 0;
    open();
  }

  addEventListener("pagehide", shut);
  addEventListener("pageshow", resume);
  addEventListener("online", reopen);
  follower.onLine("connecting");
  open();
  return {
    close: () => {
      stop();
      frames.cancel();
    },
    reopen,
  };
}

const eventNames = [
  "start",
  "message",
  "reasoning",
  "queued",
  "snapshot",
  "name",
  "end",
  "failed",
] as const;

/**
 * What each crash that an answer went on after adds to the ids of the rest, so that no place in what was
 * lost looks like one in what came instead. The remainder is the position, in bytes.
 */
const crash = 2 ** 32;

/** One event as the page knows it; `null` for what this version does not understand. */
export function readEvent(event: MessageEvent<string>): StreamEvent | null {
  let data: Record<string, unknown>;
  try {
    data = JSON.parse(event.data);
  } catch {
    return null;
  }
  const position = Number.parseInt(event.lastEventId, 10) % crash;
  switch (event.type) {
    case "start":
      return { type: "start" };
    case "message":
    case "reasoning": {
      const type = event.type === "message" ? "delta" : "reasoning";
      return typeof data.delta === "string" ? { type, position, text: data.delta } : null;
    }
    case "queued":
      return { type: "queued", place: Number(data.position) };
    case "snapshot": {
      const reasoning = typeof data.reasoning === "string" ? data.reasoning : null;
      return { type: "snapshot", position, content: String(data.content ?? ""), reasoning };
    }
    case "name":
      return { type: "name", name: String(data.name ?? "") };
    case "end":
      return { type: "end", end: data as unknown as End };
    case "failed":
      return { type: "failed", problem: data as unknown as Problem };
    default:
      return null;
  }
}

/**
 * Collects events and hands them over once per animation frame. When a hand-over was expensive the
 * next ones wait, so that at least half of the time is left to the reader's scrolling. A hidden tab
 * has no frames: it catches up in one step when it returns.
 */
function handOverOncePerFrame(handOver: (events: StreamEvent[]) => void) {
  let waiting: StreamEvent[] = [];
  let frame = 0;
  let restUntil = 0;

  function flush() {
    cancelAnimationFrame(frame);
    frame = 0;
    if (waiting.length === 0) return;
    const events = waiting;
    waiting = [];
    const began = performance.now();
    handOver(events);
    // React renders in a microtask queued by the hand-over, which therefore runs before this one.
    queueMicrotask(() => {
      const now = performance.now();
      restUntil = now + Math.min(250, now - began);
    });
  }

  function onFrame() {
    if (performance.now() >= restUntil) flush();
    else frame = requestAnimationFrame(onFrame);
  }

  return {
    push(event: StreamEvent) {
      waiting.push(event);
      if (frame === 0) frame = requestAnimationFrame(onFrame);
    },
    flush,
    cancel() {
      cancelAnimationFrame(frame);
      waiting = [];
    },
  };
}
