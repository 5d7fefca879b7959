import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { load, save } from "../lib/storage";
import type { Project } from "./client";
import { newChat, recallNewChat, setNewChat } from "./new-chat";
import { owner } from "./owner";
import {
  createProject,
  dropProject,
  patchProject,
  pinnedQuery,
  projectsQuery,
  searchQuery,
  showProject,
} from "./projects";

function project(id: string, minute: number, more: Partial<Project> = {}): Project {
  const time = new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString();
  return {
    id,
    name: id,
    name_source: "user",
    parameters: {},
    pinned: false,
    created_at: time,
    updated_at: time,
    ...more,
  };
}

describe("a conversation in the lists", () => {
  let queries: QueryClient;
  const search = searchQuery("word").queryKey;
  const ids = (key: typeof projectsQuery.queryKey | typeof search) =>
    queries
      .getQueryData<{ pages: { items: Project[] }[] }>(key)
      ?.pages.flatMap(({ items }) => items.map(({ id }) => id));

  beforeEach(() => {
    queries = new QueryClient();
    const list = (...items: Project[]) => ({
      pages: [{ items, next_cursor: null }],
      pageParams: [null],
    });
    queries.setQueryData(projectsQuery.queryKey, list(project("c", 30), project("a", 10)));
    queries.setQueryData(pinnedQuery.queryKey, list(project("b", 20, { pinned: true })));
    queries.setQueryData(
      search,
      list({ ...project("a", 10), match: { excerpt: "a word" } } as never),
    );
  });

  test("moves between the two groups when it is pinned here or elsewhere", () => {
    showProject(queries, project("a", 10, { pinned: true }));
    expect(ids(pinnedQuery.queryKey)).toEqual(["b", "a"]);
    expect(ids(projectsQuery.queryKey)).toEqual(["c"]);
    patchProject(queries, "b", { pinned: false });
    expect(ids(pinnedQuery.queryKey)).toEqual(["a"]);
    expect(ids(projectsQuery.queryKey)).toEqual(["c", "b"]);
  });

  test("has its new name among what was found too, and keeps the words around the hit", () => {
    patchProject(queries, "a", { name: "Renamed" });
    expect(queries.getQueryData(search)?.pages[0]?.items[0]).toMatchObject({
      name: "Renamed",
      match: { excerpt: "a word" },
    });
  });

  test("is gone from all of them at once", () => {
    owner.set("u");
    for (const key of ["a", "a.edit.q", "c"]) save(`draft.u.${key}`, "{}");
    dropProject(queries, "a");
    expect(ids(projectsQuery.queryKey)).toEqual(["c"]);
    expect(ids(search)).toEqual([]);
    const drafts = ["a", "a.edit.q", "c"].filter((key) => load(`draft.u.${key}`));
    expect(drafts).toEqual(["c"]);
  });
});

describe("what is set for a new chat", () => {
  const asked: { method: string; path: string; body: unknown }[] = [];
  let refuse = false;

  beforeEach(() => {
    asked.length = 0;
    refuse = false;
    vi.stubGlobal("fetch", async (request: Request) => {
      const { pathname } = new URL(request.url);
      const text = await request.text();
      asked.push({ method: request.method, path: pathname, body: text && JSON.parse(text) });
      if (refuse) return Response.json({ code: "invalid", status: 422 }, { status: 422 });
      return Response.json(project("new", 0));
    });
    recallNewChat("");
    recallNewChat("ada");
  });
  afterEach(() => vi.unstubAllGlobals());

  const settings = { system_prompt: "Be brief.", parameters: { temperature: 0.2 } };

  test("is applied once, when the conversation is made", async () => {
    setNewChat(settings);
    await createProject();
    expect(asked).toMatchObject([{ method: "POST", path: "/api/projects/", body: settings }]);
    expect(newChat.get()).toBeNull();
    await createProject();
    expect(asked[1]?.body).toEqual({});
  });

  test("is kept when the server refuses it", async () => {
    setNewChat(settings);
    refuse = true;
    await expect(createProject()).rejects.toThrow();
    expect(asked.map(({ method }) => method)).toEqual(["POST"]);
    expect(newChat.get()).toEqual(settings);
  });

  test("outlives a reload, and is nobody else's", () => {
    setNewChat(settings);
    recallNewChat("bob");
    expect(newChat.get()).toBeNull();
    recallNewChat("ada");
    expect(newChat.get()).toEqual(settings);
  });
});
