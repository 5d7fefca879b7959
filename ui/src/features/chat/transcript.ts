/**
 * One answer while it is being written: a pure function of the events heard so far.
 *
 * A position counts the UTF-8 bytes of the answer's log, thinking and text together, in order of
 * arrival. Every new stream begins at the start, so what it says first is read beside the text on
 * screen (`replay`) and takes its place once it has caught up: nothing blinks, and a text that
 * turned out different is replaced as a whole.
 */
import type { Message } from "../../api/client";
import type { Problem } from "../../api/problem";
import type { End, StreamEvent } from "../../api/stream";
import { byteLength, dropBytes } from "../../lib/utf8";

export interface Text {
  position: number;
  content: string;
  reasoning: string;
}

export interface Answer {
  /** What the reader sees. */
  shown: Text;
  /** Where `shown` was when this page began to listen: an answer that goes on has text before it. */
  begun: number;
  /** The same answer heard again from its start, until it has caught up with `shown`. */
  replay: Text | null;
  /** Place in the queue for a free slot, from 1; null once the model works. */
  queue: number | null;
  /** Bytes are missing between what is known and what arrived: a new stream is needed. */
  gap: boolean;
  name: string | null;
  end: End | null;
  failure: Problem | null;
}

const nothing: Text = { position: 0, content: "", reasoning: "" };

export function beginAnswer(message: Pick<Message, "content" | "reasoning">): Answer {
  const reasoning = message.reasoning ?? "";
  const position = byteLength(message.content) + byteLength(reasoning);
  return {
    shown: { position, content: message.content, reasoning },
    begun: position,
    replay: null,
    queue: null,
    gap: false,
    name: null,
    end: null,
    failure: null,
  };
}

export function hearAll(answer: Answer, events: StreamEvent[]): Answer {
  return events.reduce(hear, answer);
}

export function hear(answer: Answer, event: StreamEvent): Answer {
  if (answer.end || answer.failure) return answer;
  switch (event.type) {
    case "reopened":
      return { ...answer, gap: false, replay: answer.shown.position > 0 ? nothing : null };
    case "start":
      return answer;
    case "queued":
      return { ...answer, queue: event.place };
    case "name":
      return { ...answer, name: event.name };
    case "delta":
    case "reasoning":
      return append(answer, event);
    case "snapshot": {
      const reasoning = event.reasoning ?? (answer.replay ?? answer.shown).reasoning;
      const shown = { position: event.position, content: event.content, reasoning };
      return { ...answer, shown, replay: null, gap: false, queue: null };
    }
    case "end": {
      const { position, reasoning } = furthest(answer);
      const shown = { position, content: event.end.content, reasoning };
      return { ...answer, shown, replay: null, queue: null, end: event.end };
    }
    case "failed":
      return {
        ...answer,
        shown: furthest(answer),
        replay: null,
        queue: null,
        failure: event.problem,
      };
  }
}

function append(
  answer: Answer,
  event: { type: "delta" | "reasoning"; position: number; text: string },
): Answer {
  const known = answer.replay ?? answer.shown;
  if (event.position <= known.position || answer.gap) return answer;
  const fresh = byteLength(event.text);
  const overlap = known.position + fresh - event.position;
  if (overlap < 0) return { ...answer, gap: true };
  const text = dropBytes(event.text, overlap);
  const next: Text = {
    position: event.position,
    content: event.type === "delta" ? known.content + text : known.content,
    reasoning: event.type === "reasoning" ? known.reasoning + text : known.reasoning,
  };
  if (answer.replay && next.position < answer.shown.position) return { ...answer, replay: next };
  // To have heard again what was known is no sign that the model has begun.
  const queue = next.position > answer.shown.position ? null : answer.queue;
  return { ...answer, shown: next, replay: null, queue };
}

function furthest({ shown, replay }: Answer): Text {
  return replay && replay.position > shown.position ? replay : shown;
}
