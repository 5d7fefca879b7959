import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Message } from "../../api/client";
import type { Line } from "../../api/stream";
import { createStore } from "../../lib/store";
import { I18n } from "../../test/i18n";
import { Announcer } from "./announcer";
import type { LiveAnswer } from "./follow";
import { beginAnswer, hear } from "./transcript";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("an answer is read as its words, without the marks of Markdown", () => {
  const last = { id: "m", content: "", status: "running", siblings: ["m"] } as unknown as Message;
  const answer = createStore(beginAnswer(last));
  const live: LiveAnswer = {
    messageId: "m",
    answer,
    line: createStore<Line>("open"),
    retry: () => {},
  };
  const { container } = render(<Announcer live={live} last={last} />, { wrapper: I18n });
  const say = (text: string) => {
    const position = answer.get().shown.position + text.length;
    answer.set(hear(answer.get(), { type: "delta", text, position }));
    act(() => vi.advanceTimersByTime(3000));
    return container.textContent?.trim();
  };
  expect(say("# Loquats\n\nThey are **very sweet. ")).toBe("Loquats\nThey are very sweet.");
  expect(say("Really** so, says [a book](https://example.org). ")).toBe("Really so, says a book.");
  expect(screen.queryByText(/[*#[]/)).toBeNull();
});
