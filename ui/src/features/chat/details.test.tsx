import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Message, Timing, Usage } from "../../api/client";
import { I18n } from "../../test/i18n";
import { Facts } from "./details";
import { countWords } from "./words-per-second";

const words = Array.from({ length: 60 }, () => "word").join(" ");
const message: Message = {
  id: "m",
  attachments: [],
  siblings: ["m"],
  project_id: "p",
  role: "assistant",
  content: words,
  model: "demo",
  status: "complete",
  created_at: "2026-03-01T10:00:00.000Z",
  updated_at: "2026-03-01T10:00:07.000Z",
};

function facts(usage: Usage | null, timing: Timing | null = null) {
  render(<Facts message={{ ...message, usage, timing }} />, { wrapper: I18n });
  const values = screen.getAllByRole("definition").map((value) => value.textContent);
  return Object.fromEntries(
    screen.getAllByRole("term").map((term, at) => [term.textContent, values[at]]),
  );
}

test("how long it took is told with what the provider counted", () => {
  const usage = {
    prompt_tokens: 1234,
    completion_tokens: 80,
    reasoning_tokens: 20,
    estimated: false,
    cached: false,
  };
  const timing = { first_token_ms: 400, reasoning_ms: 1000, duration_ms: 4400 };
  expect(facts(usage, timing)).toEqual({
    Model: "demo",
    "Tokens read": "1,234",
    "Tokens written": "80",
    "of these, thinking": "20",
    "First word after": "1.4 s",
    "Thought for": "1.0 s",
    "Words a second": "20",
    Took: "4.4 s",
  });
});

test("what is not known is not told", () => {
  expect(facts(null)).toEqual({ Model: "demo" });
});

test("estimated tokens are told with about, and why", () => {
  const usage = { completion_tokens: 12, estimated: true, cached: false };
  expect(facts(usage)["Tokens written"]).toBe("≈ about 12");
  expect(screen.getByText("≈").getAttribute("aria-hidden")).toBe("true");
  expect(screen.getByText(/Estimated by the length/)).toBeTruthy();
});

test("an answer from the cache is told as such", () => {
  facts({ completion_tokens: 1, estimated: false, cached: true });
  expect(screen.getByText(/From the cache/)).toBeTruthy();
});

test("words are counted as their language has them", () => {
  expect(countWords("Two words, 3 numbers.")).toBe(4);
  expect(countWords("枇杷はおいしい")).toBeGreaterThan(1);
});
