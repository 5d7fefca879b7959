import { act, render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Message } from "../../api/client";
import type { Line } from "../../api/stream";
import { createStore } from "../../lib/store";
import { I18n } from "../../test/i18n";
import type { LiveAnswer } from "./follow";
import { AssistantMessage } from "./message";
import { beginAnswer, hear } from "./transcript";

const message: Message = {
  id: "m",
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

const show = (shown: Message, live: LiveAnswer | null = null) =>
  render(<AssistantMessage message={shown} live={live} />, { wrapper: I18n });

test("words appear as they are heard, and the page does not change under them at the end", () => {
  const live = newLive();
  const { container, rerender } = show(message, live);
  const text = "```js\nlet a\n```\n";
  act(() => live.answer.set(hear(live.answer.get(), { type: "delta", text, position: 16 })));
  const code = container.querySelector("pre");
  expect(code?.textContent).toBe("let a");
  rerender(
    <AssistantMessage message={{ ...message, content: text, status: "complete" }} live={null} />,
  );
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
