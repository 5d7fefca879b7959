import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Message, Project } from "./client";
import { messagesQuery } from "./messages";
import { hearNews, isCurrent } from "./news";
import { projectQuery, projectsQuery } from "./projects";

function project(id: string, minute: number, more: Partial<Project> = {}): Project {
  const time = new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString();
  return {
    id,
    name: id,
    name_source: "default",
    parameters: {},
    pinned: false,
    created_at: time,
    updated_at: time,
    ...more,
  };
}

function message(id: string, status: Message["status"] = "complete"): Message {
  const time = "2026-01-01T12:00:00.000Z";
  return {
    id,
    project_id: "a",
    attachments: [],
    siblings: [id],
    role: "assistant",
    content: "",
    status,
    created_at: time,
    updated_at: time,
  };
}

let queries: QueryClient;
const asked: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  asked.length = 0;
  vi.stubGlobal("fetch", async (request: Request) => {
    asked.push(new URL(request.url).pathname);
    return Response.json({ title: "", status: 404, code: "not_found" }, { status: 404 });
  });
  queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  list(null, project("b", 20), project("a", 10));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  queries.clear();
});

function list(next_cursor: string | null, ...items: Project[]) {
  const pages = { pages: [{ items, next_cursor }], pageParams: [null] };
  queries.setQueryData(projectsQuery.queryKey, pages);
}

function messages(...items: Message[]) {
  const pages = { pages: [{ items, next_cursor: null }], pageParams: [null] };
  queries.setQueryData(messagesQuery("a").queryKey, pages);
}

const listed = () =>
  queries.getQueryData(projectsQuery.queryKey)?.pages.flatMap((page) => page.items) ?? [];
const ids = () => listed().map(({ id }) => id);
const stale = (key: readonly unknown[]) => queries.getQueryState(key)?.isInvalidated ?? false;

test("a conversation made elsewhere stands first, one renamed there has its name", () => {
  hearNews(queries, { type: "project", project: project("c", 30) });
  expect(ids()).toEqual(["c", "b", "a"]);
  hearNews(queries, { type: "project", project: project("a", 40, { name: "Renamed" }) });
  expect(ids()).toEqual(["a", "c", "b"]);
  expect(listed()[0]?.name).toBe("Renamed");
  expect(queries.getQueryData(projectQuery("a").queryKey)?.name).toBe("Renamed");
});

test("an answer elsewhere shows as running, and then no longer", () => {
  const asking = project("a", 30, { active_message_id: "m2", live_message_id: "m2" });
  hearNews(queries, { type: "project", project: asking });
  expect(listed()[0]).toMatchObject({ id: "a", live_message_id: "m2" });
  hearNews(queries, { type: "project", project: { ...asking, live_message_id: undefined } });
  expect(listed()[0]?.live_message_id).toBeUndefined();
});

test("an old conversation whose page is not loaded waits for its page", () => {
  list("more", project("b", 20), project("a", 10));
  hearNews(queries, { type: "project", project: project("old", 5) });
  expect(ids()).toEqual(["b", "a"]);
});

test("a conversation deleted elsewhere is gone; where it is open, the server is asked", async () => {
  hearNews(queries, { type: "project_deleted", project_id: "b" });
  expect(ids()).toEqual(["a"]);
  expect(asked).toEqual([]);
  queries.setQueryData(projectQuery("a").queryKey, project("a", 10));
  const open = new QueryObserver(queries, projectQuery("a")).subscribe(() => {});
  hearNews(queries, { type: "project_deleted", project_id: "a" });
  await vi.advanceTimersByTimeAsync(10);
  expect(ids()).toEqual([]);
  expect(asked).toEqual(["/api/projects/a"]);
  expect(queries.getQueryState(projectQuery("a").queryKey)?.status).toBe("error");
  open();
});

test("a turn begun elsewhere is loaded, but not one that this tab has meanwhile", async () => {
  const turn = project("a", 30, { active_message_id: "m2", live_message_id: "m2" });
  messages(message("m1"));
  hearNews(queries, { type: "project", project: turn });
  messages(message("m1"), message("m2", "running"));
  await vi.advanceTimersByTimeAsync(1000);
  expect(stale(messagesQuery("a").queryKey)).toBe(false);
  messages(message("m1"));
  hearNews(queries, { type: "project", project: turn });
  await vi.advanceTimersByTimeAsync(1000);
  expect(stale(messagesQuery("a").queryKey)).toBe(true);
});

test("where there are versions, one of them may be gone", async () => {
  const news = project("a", 30, { active_message_id: "m2" });
  const look = async (siblings: string[], more: Partial<Project> = {}) => {
    messages(message("m1"), { ...message("m2"), siblings });
    hearNews(queries, { type: "project", project: { ...news, ...more } });
    await vi.advanceTimersByTimeAsync(1000);
    return stale(messagesQuery("a").queryKey);
  };
  expect(await look(["m2"])).toBe(false);
  expect(await look(["m2", "m3"], { live_message_id: "m3" })).toBe(false);
  expect(await look(["m2", "m3"])).toBe(true);
});

test("after too much at once everything is asked for again", () => {
  messages(message("m1"));
  hearNews(queries, { type: "resync" });
  expect(stale(projectsQuery.queryKey)).toBe(true);
  expect(stale(messagesQuery("a").queryKey)).toBe(true);
});

test("what is shown is current when its newest message is, and as far", () => {
  const at = (active?: string, live?: string) =>
    project("a", 0, { active_message_id: active, live_message_id: live });
  expect(isCurrent(undefined, at())).toBe(true);
  expect(isCurrent(undefined, at("m1"))).toBe(false);
  expect(isCurrent(message("m1"), at("m1"))).toBe(true);
  expect(isCurrent(message("m1"), at("m2"))).toBe(false);
  expect(isCurrent(message("m1", "running"), at("m1"))).toBe(false);
  expect(isCurrent(message("m1", "running"), at("m1", "m1"))).toBe(true);
  expect(isCurrent(message("m1"), at("m1", "m1"))).toBe(false);
  // An answer on another branch.
  expect(isCurrent(message("m1"), at("m1", "m2"))).toBe(true);
});
