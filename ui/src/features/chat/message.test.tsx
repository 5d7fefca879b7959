import { act, fireEvent, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { Message } from "../../api/client";
import type { Line } from "../../api/stream";
import { createStore } from "../../lib/store";
import { I18n } from "../../test/i18n";
import type { Branching } from "./branching";
import type { LiveAnswer } from "./follow";
import type { GoingOn } from "./going-on";
import { AssistantMessage } from "./message";
import { beginAnswer, hear } from "./transcript";

const message: Message = {
  id: "m",
  attachments: [],
  siblings: ["m"],
  project_id: "p",
  role: "assistant",
  content: "",
  status: "running",
  created_at: "2026-03-01T10:00:00.000Z",
  updated_at: "2026-03-01T10:00:00.000Z",
};

function newLive(): LiveAnswer {
  const answer = createStore(beginAnswer(message));
  return { messageId: "m", answer, line: createStore<Line>("open"), retry: () => {} };
}

const branching: Branching = {
  hindrance: null,
  busy: null,
  model: null,
  images: { offered: true, imageless: null },
  editKey: (id) => `draft.u.p.edit.${id}`,
  regenerate: vi.fn(),
  edit: vi.fn(),
  show: vi.fn(),
  reveal: vi.fn(),
  remove: vi.fn(),
};

const element = (
  shown: Message,
  live: LiveAnswer | null = null,
  goingOn: GoingOn | null = null,
) => (
  <AssistantMessage
    message={shown}
    live={live}
    goingOn={goingOn}
    branching={branching}
    onDelete={() => {}}
  />
);
const show = (...given: Parameters<typeof element>) => render(element(...given), { wrapper: I18n });

const going = (busy = false) => ({ messageId: "m", hindrance: null, busy, go: vi.fn() });

test("words appear as they are heard, and the page does not change under them at the end", () => {
  const live = newLive();
  const { container, rerender } = show(message, live);
  const text = "```js\nlet a\n```\n";
  act(() => live.answer.set(hear(live.answer.get(), { type: "delta", text, position: 16 })));
  const code = container.querySelector("pre");
  expect(code?.textContent).toBe("let a");
  rerender(element({ ...message, content: text, status: "complete" }));
  expect(container.querySelector("pre")).toBe(code);
  expect(screen.getByRole("button", { name: "Copy answer" })).toBeTruthy();
});

test("somebody who waits is told their place in the queue", () => {
  const live = newLive();
  show(message, live);
  act(() => live.answer.set(hear(live.answer.get(), { type: "queued", place: 3 })));
  expect(screen.getByText("Waiting for a free place: number 3 in the queue.")).toBeTruthy();
});

test("a failure says what happened and what to do, and keeps the words", () => {
  const failure = { code: "provider_rate_limited", detail: "429 from upstream" };
  const { container } = show({ ...message, content: "half", status: "failed", failure });
  expect(container.textContent).toContain("half");
  expect(container.textContent).toContain("too many questions at once");
  expect(container.textContent).toContain("choose another model");
  expect(container.textContent).not.toContain("upstream");
});

test("an interrupted answer says so plainly", () => {
  const { container } = show({ ...message, content: "half", status: "interrupted" });
  expect(container.textContent).toContain("Interrupted.");
});

test.each([
  [{ status: "stopped", content: "half" }, "Continue"],
  [{ status: "interrupted", content: "half" }, "Continue"],
  [{ status: "complete", finish_reason: "length", content: "half" }, "Continue"],
  [{ status: "failed", content: "half" }, "Continue"],
  [{ status: "failed", content: "" }, "Try again"],
] as const)("%j can go on by a button: %s", (state, name) => {
  const goingOn = going();
  show({ ...message, ...state }, null, goingOn);
  fireEvent.click(screen.getByRole("button", { name }));
  expect(goingOn.go).toHaveBeenCalledOnce();
});

test("what cannot go on, being older or elsewhere, has no such button", () => {
  show({ ...message, content: "half", status: "stopped" });
  expect(screen.queryByRole("button", { name: "Continue" })).toBeNull();
});

test("the button shows that it was pressed and keeps the focus", () => {
  show({ ...message, content: "half", status: "stopped" }, null, going(true));
  const button = screen.getByRole<HTMLButtonElement>("button", { name: "Continue" });
  expect(button.getAttribute("aria-busy")).toBe("true");
  expect(button.disabled).toBe(false);
});

test("an answer that goes on keeps its elements, and hearing its text again changes nothing", () => {
  const text = "A list:\n\n- one\n- tw";
  const stopped = { ...message, content: text, status: "stopped" as const };
  const { container, rerender } = show(stopped, null, going());
  const list = container.querySelector("ul");
  const words = container.querySelector("article div")?.textContent;
  const running = { ...stopped, status: "running" as const };
  rerender(element(running));
  const live = { ...newLive(), answer: createStore(beginAnswer(running)) };
  rerender(element(running, live));
  const seen: (string | null | undefined)[] = [];
  const say = (event: Parameters<typeof hear>[1]) => {
    act(() => live.answer.set(hear(live.answer.get(), event)));
    seen.push(container.querySelector("article div")?.textContent);
  };
  say({ type: "reopened" });
  say({ type: "start" });
  say({ type: "queued", place: 1 });
  say({ type: "delta", text: text.slice(0, 9), position: 9 });
  say({ type: "delta", text: text.slice(9), position: text.length });
  expect(new Set(seen)).toEqual(new Set([words]));
  expect(screen.getByText(/number 1 in the queue/)).toBeTruthy();
  say({ type: "delta", text: "o", position: text.length + 1 });
  expect(container.querySelector("ul")).toBe(list);
  expect(list?.textContent).toContain("two");
  expect(screen.queryByText(/in the queue/)).toBeNull();
});

test.each([
  ["content_filter", "filter ended this answer"],
  ["refusal", "declined to answer"],
  ["tool_calls", "wanted to use a tool"],
  ["recitation", "“recitation”"],
])("the ending %s is told", (finish_reason, words) => {
  const { container } = show({ ...message, content: "x", status: "complete", finish_reason });
  expect(container.textContent).toContain(words);
});
