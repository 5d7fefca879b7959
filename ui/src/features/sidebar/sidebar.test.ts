import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  deleteAllNow,
  deleteLater,
  deleteNow,
  forgetDeletions,
  leaving,
  undoDelete,
} from "./deletions";
import { groupByDay } from "./group-by-day";
import { readable } from "./marked";

describe("conversations are grouped by day", () => {
  const now = new Date(2026, 2, 30, 9, 0);
  const at = (...parts: [number, number, number, number?]) => ({
    updated_at: new Date(...parts).toISOString(),
  });
  const groups = (...items: { updated_at: string }[]) =>
    groupByDay(items, now).map(({ key, items: found }) => `${key}:${found.length}`);

  test("by the calendar, not by 24 hours", () => {
    expect(groups(at(2026, 2, 30, 0), at(2026, 2, 29, 23), at(2026, 2, 29, 0))).toEqual([
      "today:1",
      "yesterday:2",
    ]);
  });

  test("then the seven days before, then months", () => {
    expect(
      groups(at(2026, 2, 28), at(2026, 2, 23), at(2026, 2, 22), at(2026, 1, 1), at(2025, 1, 1)),
    ).toEqual(["week:2", "2026-2:1", "2026-1:1", "2025-1:1"]);
  });

  test("and a clock that runs ahead is still today", () => {
    expect(groups(at(2026, 2, 31))).toEqual(["today:1"]);
  });
});

describe("a deletion", () => {
  const queries = new QueryClient();
  const calls: { method: string; url: string; keepalive: boolean }[] = [];

  beforeEach(() => {
    calls.length = 0;
    vi.useFakeTimers();
    vi.stubGlobal("fetch", async (request: Request) => {
      calls.push({ method: request.method, url: request.url, keepalive: request.keepalive });
      return new Response(null, { status: 204 });
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test("hides the conversation at once and tells the server later", async () => {
    deleteLater("a");
    expect(leaving.get().has("a")).toBe(true);
    expect(calls).toEqual([]);
    await deleteNow(queries, "a", () => {});
    expect(calls.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
      "DELETE /api/projects/a",
    ]);
    expect(leaving.get().has("a")).toBe(false);
  });

  test("that is undone never reaches the server", async () => {
    deleteLater("b");
    undoDelete("b");
    await deleteNow(queries, "b", () => {});
    await deleteAllNow();
    expect(calls).toEqual([]);
    expect(leaving.get().has("b")).toBe(false);
  });

  test("that still waits when the page is closed is sent so that it outlives the page", () => {
    deleteLater("c");
    void deleteAllNow();
    expect(calls).toMatchObject([{ method: "DELETE", keepalive: true }]);
    forgetDeletions();
  });

  test("is told once, whoever comes first", async () => {
    deleteLater("d");
    const told = deleteAllNow();
    await deleteNow(queries, "d", () => {});
    await told;
    expect(calls).toHaveLength(1);
    forgetDeletions();
  });

  test("does not keep somebody signed in whose server says nothing", async () => {
    vi.stubGlobal("fetch", () => new Promise(() => {}));
    deleteLater("e");
    let gone = false;
    void deleteAllNow().then(() => {
      gone = true;
    });
    await vi.advanceTimersByTimeAsync(4000);
    expect(gone).toBe(false);
    await vi.advanceTimersByTimeAsync(2000);
    expect(gone).toBe(true);
    forgetDeletions();
  });

  test("that nobody may make any more hides nothing from who comes next", async () => {
    deleteLater("f");
    forgetDeletions();
    await deleteNow(queries, "f", () => {});
    expect(calls).toEqual([]);
    expect(leaving.get().size).toBe(0);
  });
});

test.each([
  ["…the **loquat** ripens in `May`…", "loquat", "…the loquat ripens in May…"],
  ["…half** a loquat, and **half", "loquat", "…half a loquat, and half"],
  ["# Loquat and more", "loquat", "Loquat and more"],
  ["…a **loquat**…", "**loquat", "…a **loquat**…"],
  ["let loquat = `x`", "`x", "let loquat = `x`"],
  [
    "In the garden behind the house there stands a loquat",
    "loquat",
    "…house there stands a loquat",
  ],
  [
    "In the garden, behind thehousetherestandsaverywide loquat",
    "loquat",
    "…usetherestandsaverywide loquat",
  ],
])("the excerpt %j for %j reads %j", (excerpt, words, read) => {
  expect(readable(excerpt, words)).toBe(read);
});
