/**
 * When an answer began to think, to speak and to be over, as the person at this page lived it. Kept
 * in the tab, so that a reload does not forget; what was not seen is not known.
 */
import { loadInTab, saveInTab } from "../../lib/storage";
import type { Answer } from "./transcript";

/** Moments in ms since 1970. */
export interface Times {
  asked?: number;
  thought?: number;
  spoke?: number;
  ended?: number;
}

const kept = 100;
let all: Map<string, Times> | null = null;

function known(): Map<string, Times> {
  if (all) return all;
  try {
    all = new Map(JSON.parse(loadInTab("times") ?? "[]"));
  } catch {
    all = new Map();
  }
  return all;
}

function keep(messageId: string, times: Times): void {
  const map = known();
  map.delete(messageId);
  map.set(messageId, times);
  saveInTab("times", JSON.stringify([...map].slice(-kept)));
}

export function timesOf(messageId: string): Times {
  return known().get(messageId) ?? {};
}

export function noteAsked(messageId: string, asked: number): void {
  keep(messageId, { asked });
}

/** An answer that goes on has pauses that nobody measured. */
export function forgetTimes(messageId: string): void {
  if (known().delete(messageId)) keep(messageId, {});
}

/** Notes what is new in `now`; an answer that this page did not hear from its start has no times. */
export function noteTimes(messageId: string, before: Answer, now: Answer): void {
  const times = timesOf(messageId);
  if (times.asked === undefined) return;
  const at = Date.now();
  const next = { ...times };
  if (!before.shown.reasoning && now.shown.reasoning) next.thought ??= at;
  if (!before.shown.content && now.shown.content) next.spoke ??= at;
  if (now.end || now.failure) next.ended ??= at;
  if (next.thought !== times.thought || next.spoke !== times.spoke || next.ended !== times.ended)
    keep(messageId, next);
}

/** How long it thought, in ms; `undefined` where that was not seen. */
export function thinkingTime({ thought, spoke, ended }: Times): number | undefined {
  const until = spoke ?? ended;
  return thought === undefined || until === undefined ? undefined : until - thought;
}
