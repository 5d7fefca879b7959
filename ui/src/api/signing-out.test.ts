import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const ada = { id: "u", email: "ada@example.org" };
let reachable: boolean;
let asked: string[];

beforeEach(() => {
  localStorage.clear();
  reachable = true;
  asked = [];
  vi.useFakeTimers({ shouldAdvanceTime: true });
  vi.stubGlobal("fetch", async (request: Request) => {
    asked.push(new URL(request.url).pathname);
    if (!reachable) throw new TypeError("network");
    if (request.url.endsWith("/logout/")) return new Response(null, { status: 204 });
    return Response.json(ada);
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** The page as it is when it has just been loaded, with what the server wrote into it. */
async function load() {
  vi.resetModules();
  document.body.innerHTML = `<script type="application/json" id="boot">${JSON.stringify({ user: ada })}</script>`;
  const session = await import("./session");
  const queries = new QueryClient();
  await queries.prefetchQuery(session.sessionQuery);
  const user = () => queries.getQueryData(session.sessionQuery.queryKey);
  return { session, queries, user };
}

test("who signs out is signed out here although the server cannot be reached, also after a reload", async () => {
  const page = await load();
  page.queries.setQueryData(page.session.sessionQuery.queryKey, ada as never);
  localStorage.setItem("loquat.draft.u.p", "half a thought");
  reachable = false;
  await page.session.logout(page.queries);
  expect(page.user()).toBeNull();
  expect(page.session.departure.get()).toBe("unheard");
  expect(localStorage.getItem("loquat.draft.u.p")).toBeNull();

  // The browser still has the cookie, so the server writes Ada into the page.
  const again = await load();
  expect(again.session.sessionQuery.initialData).toBeNull();
  expect(await again.session.fetchSession()).toBeNull();

  // As soon as it can be reached it is told, once.
  reachable = true;
  asked = [];
  again.session.departure.set("unheard");
  again.session.finishSigningOut();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(asked).toEqual(["/api/logout/"]);
  expect(again.session.departure.get()).toBe("left");
  expect((await load()).session.sessionQuery.initialData).toEqual(ada);
});

test("who signs in meanwhile stays signed in", async () => {
  const page = await load();
  reachable = false;
  await page.session.logout(page.queries);
  await vi.advanceTimersByTimeAsync(10);
  reachable = true;
  asked = [];
  await page.session.login("ada@example.org", "four words");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual(["/api/login/"]);
  expect((await load()).session.sessionQuery.initialData).toEqual(ada);
});

test("while somebody signs in, the server is not told to sign them out", async () => {
  const page = await load();
  reachable = false;
  await page.session.logout(page.queries);
  await vi.advanceTimersByTimeAsync(10);
  asked = [];
  let answer: (response: Response) => void = () => {};
  vi.stubGlobal("fetch", (request: Request) => {
    asked.push(new URL(request.url).pathname);
    return new Promise<Response>((resolve) => {
      answer = resolve;
    });
  });
  const signingIn = page.session.login("ada@example.org", "four words");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual(["/api/login/"]);
  answer(Response.json(ada));
  await signingIn;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual(["/api/login/"]);
});
