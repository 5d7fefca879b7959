/**
 * One WebSocket for each tab, over which the server tells what happened in another one.
 *
 * Turns of this tab do not need it: where a proxy lets no WebSocket through, the page works as
 * before and learns of other tabs by asking.
 */
import { backOff } from "../lib/back-off";
import { createStore } from "../lib/store";
import type { components } from "./schema";
import { sessionState } from "./session";

export type News = components["schemas"]["SocketEvent"];

export interface Hearer {
  onNews: (news: News) => void;
  /** The connection is back: what happened meanwhile was not told. */
  onBack: () => void;
  onSignedOut: () => void;
}

/** Whether news are being heard. */
export const listening = createStore(false);

/** The close code of a session that has ended. */
const signedOut = 4401;
/** How often to see whether this computer has slept, in ms. */
const pulse = 20_000;
/** So long a pause between two looks was a sleep; browsers let a hidden tab look once a minute. */
const sleep = { seen: 55_000, hidden: 130_000 };

export function listen(hearer: Hearer): () => void {
  let socket: WebSocket | null = null;
  let attempt = 0;
  let wasOpen = false;
  let stopped = false;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let lastPulse = Date.now();

  function open() {
    shut();
    if (stopped || !navigator.onLine) return;
    const mine = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/ws`);
    socket = mine;
    let greeted = false;
    mine.onmessage = (event: MessageEvent<string>) => {
      if (socket !== mine) return;
      const news = readNews(event.data);
      if (news?.type === "hello") {
        greeted = true;
        attempt = 0;
        listening.set(true);
        if (wasOpen) hearer.onBack();
        wasOpen = true;
      } else if (news) {
        hearer.onNews(news);
      }
    };
    mine.onclose = (event: CloseEvent) => {
      if (socket !== mine) return;
      shut();
      if (event.code === signedOut) hearer.onSignedOut();
      else void lost(greeted);
    };
  }

  async function lost(greeted: boolean) {
    // A refused upgrade does not say why it was refused.
    const signedIn = greeted || (await sessionState()) !== "signed_out";
    if (stopped || socket) return;
    if (!signedIn) return hearer.onSignedOut();
    clearTimeout(retryTimer);
    retryTimer = setTimeout(open, pause(attempt++));
  }

  function shut() {
    clearTimeout(retryTimer);
    const before = socket;
    socket = null;
    listening.set(false);
    before?.close();
  }

  function reopen() {
    attempt = 0;
    open();
  }

  // A page kept in the back-forward cache must not hold a connection.
  function resume(event: PageTransitionEvent) {
    if (event.persisted) reopen();
  }

  // After a sleep the connection is gone, and nothing says so.
  const beat = setInterval(() => {
    const now = Date.now();
    const slept = now - lastPulse > (document.hidden ? sleep.hidden : sleep.seen);
    lastPulse = now;
    if (slept) reopen();
  }, pulse);

  addEventListener("pagehide", shut);
  addEventListener("pageshow", resume);
  addEventListener("online", reopen);
  addEventListener("offline", shut);
  open();
  return () => {
    stopped = true;
    shut();
    clearInterval(beat);
    removeEventListener("pagehide", shut);
    removeEventListener("pageshow", resume);
    removeEventListener("online", reopen);
    removeEventListener("offline", shut);
  };
}

/** Soon at first; where it keeps failing, such as behind a proxy without WebSockets, seldom. */
function pause(attempt: number): number {
  return backOff(attempt) * (attempt < 6 ? 1 : 6);
}

function readNews(text: string): News | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
