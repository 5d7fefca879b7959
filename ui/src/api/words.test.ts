import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { describeRefusal } from "../features/chat/words";
import { describeEnding, describeFailure } from "./answer-words";
import { ProblemError, toProblem } from "./problem";
import { describeError } from "./words";

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(new Date(2026, 2, 1, 14, 5, 0));
});
afterEach(() => vi.useRealTimers());

const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
const refused = (code: string, status: number, retry_after?: number) =>
  describeError(
    new ProblemError({
      title: "",
      status,
      code,
      detail: "the detail",
      request_id: "",
      ...(retry_after ? { retry_after } : {}),
    }),
  );

test("every code that the server gives a failed answer has words of its own", () => {
  const source = readFileSync(resolve(import.meta.dirname, "../../../src/llm/error.rs"), "utf8");
  const codes = [...source.matchAll(/=> "(\w+)",/g)].map(([, code]) => code as string);
  expect(codes.length).toBeGreaterThan(12);
  for (const code of [...codes, "internal", "deleted"]) {
    const { title } = describeFailure({ code, detail: "" });
    expect(title, code).not.toBe("The answer could not be finished.");
  }
});

test("every code that the server gives a refused request has words of its own", () => {
  const source = ["error.rs", "error/factor.rs", "error/trouble.rs", "pace.rs"]
    .map((file) => readFileSync(resolve(import.meta.dirname, "../../../src", file), "utf8"))
    .flatMap((text) => text.match(/fn code\(&?self\)[\s\S]*?\n {4}}/g) ?? [])
    .join("\n");
  const codes = new Set([...source.matchAll(/=> "([a-z_]+)",/g)].map(([, code]) => code as string));
  expect(codes.size).toBeGreaterThan(40);
  // What only programs do, and what a field is blamed for.
  const programs = [
    "address_too_long",
    "headers_too_large",
    "invalid",
    "key_invalid",
    "malformed",
    "method_not_allowed",
    "nothing_asked",
    "scope_insufficient",
    "second_factor_required",
    "second_factor_setup_required",
    "session_required",
    "unsupported_media_type",
    "upgrade_required",
  ];
  const status = (code: string) =>
    code === "internal" ? 500 : code.startsWith("too_many_") ? 429 : 400;
  const wordless = [...codes].filter((code) => refused(code, status(code)).title === "The detail.");
  expect(wordless.filter((code) => !programs.includes(code))).toEqual([]);
});

test("a failure of a later server is told in its own words", () => {
  const { advice } = describeFailure({ code: "new_here", detail: "the moon was in the way" });
  expect(advice).toBe("The moon was in the way.");
});

test("when it makes sense to ask again is told as a time, unless that has come", () => {
  const advice = (retry_at?: string) =>
    describeFailure({ code: "provider_rate_limited", detail: "", ...(retry_at && { retry_at }) })
      .advice;
  expect(advice(at(40))).toMatch(/after 2:05:40\sPM, or/);
  expect(advice(at(600))).toMatch(/after 2:15\sPM, or/);
  expect(advice(at(12 * 3600))).toMatch(/after Monday.* 2:05\sAM, or/);
  expect(advice(at(-1))).toBe("Wait a moment and try again, or choose another model.");
  expect(advice()).toBe("Wait a moment and try again, or choose another model.");
});

test("whoever is turned away hears why and when to try again", () => {
  expect(refused("too_many_answers", 429, 5).advice).toBe(
    "Wait for one of them, or stop one. Try again in 5 seconds.",
  );
  expect(refused("queue_full", 429, 1).advice).toBe("Try again in 1 second.");
  expect(refused("too_many_turns", 429).advice).toBe("Wait a moment and try again.");
  expect(refused("shutting_down", 503, 5)).toEqual({
    title: "The server is restarting.",
    advice: "Try again in 5 seconds.",
  });
  expect(refused("busy", 503, 600).advice).toMatch(/^Try again after 2:15\sPM\.$/);
  expect(refused("not_continuable", 409).advice).toBe("The detail.");
});

test("what is not found is called a conversation only within one", () => {
  expect(refused("not_found", 404).title).toBe("This is not there any more.");
  const gone = { title: "", status: 404, code: "not_found", detail: "", request_id: "" };
  const { title } = describeRefusal(new ProblemError(gone));
  expect(title).toBe("This conversation does not exist.");
});

test("a proxy says only in a header when to come back", () => {
  const response = new Response("", { status: 429, headers: { "retry-after": "7" } });
  expect(toProblem(undefined, response).retry_after).toBe(7);
  expect(toProblem({ retry_after: 3 }, response).retry_after).toBe(3);
  expect(toProblem({}, new Response("", { status: 429 }))).not.toHaveProperty("retry_after");
});

test("an ending is told unless the model had simply said everything", () => {
  expect(describeEnding("stop")).toBeNull();
  expect(describeEnding(null)).toBeNull();
  const titles = ["length", "content_filter", "refusal", "tool_calls"].map(
    (reason) => describeEnding(reason)?.title,
  );
  expect(new Set(titles).size).toBe(4);
  expect(describeEnding("recitation")?.title).toContain("“recitation”");
});
