import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Attachment } from "../../api/client";
import { inReadingOrder, messagesQuery } from "../../api/messages";
import { owner } from "../../api/owner";
import { codeOf } from "../../api/problem";
import { randomId } from "../../lib/ids";
import { draftKey, inBox, noDraft, readDraft } from "./draft";
import { useDraft } from "./draft-box";
import { useSending } from "./send";
import { changeTray, forgetTray, imagesIn, useTray } from "./tray";
import { wayOf } from "./under-way";

const image = { id: "tower", name: "tower.png" } as Attachment;

let userId: string;
let queries: QueryClient;
let connected: boolean;
let asked: { path: string; body: Record<string, string> }[];
/** By the end of the path; what is not there is never answered. */
let replies: { [end: string]: (() => Response | Promise<Response>)[] };
const accepted = vi.fn();

const json = (body: unknown, status: number) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
const made = (id: string) => () => json({ id, name: "New chat" }, 201);
const turn = (project_id: string) => () =>
  json(
    {
      user_message: { id: "u", project_id, role: "user" },
      assistant_message: { id: "a", project_id, role: "assistant" },
    },
    202,
  );
const refusal = (code: string, status: number) => () =>
  json({ title: "", status, code, detail: "", request_id: "" }, status);

beforeEach(() => {
  userId = randomId();
  owner.set(userId);
  connected = true;
  asked = [];
  replies = {};
  accepted.mockReset();
  vi.spyOn(navigator, "onLine", "get").mockImplementation(() => connected);
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "GET") return refusal("not_found", 404)();
    asked.push({ path: pathname, body: JSON.parse(await request.clone().text()) });
    const [, list] = Object.entries(replies).find(([end]) => pathname.endsWith(end)) ?? [];
    return list?.shift()?.() ?? new Promise<Response>(() => {});
  });
  queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** What a page has of it. */
function open(projectId: string | null = null) {
  const key = draftKey(userId, projectId);
  function usePage() {
    const box = useDraft(key);
    const pictures = useTray(key);
    const options = { projectId, userId, model: null, draftKey: key };
    const handlers = { onAccepted: accepted, onRefused: box.giveBack };
    return { box, pictures, sending: useSending({ ...options, ...handlers }) };
  }
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={queries}>{children}</QueryClientProvider>
  );
  const { result, unmount } = renderHook(usePage, { wrapper });
  return {
    key,
    close: unmount,
    now: () => result.current,
    write: (text: string) => act(() => result.current.box.write(text)),
    attach: () =>
      act(() => changeTray(key, () => [{ key: randomId(), name: image.name, attachment: image }])),
    send: () => act(() => void result.current.sending.send(result.current.box.handOver())),
    /** All that a module kept of it is gone. */
    reload() {
      unmount();
      const way = wayOf(key);
      act(() => way.set({ pending: null, error: null }));
      way.made = null;
      forgetTray(key);
      return open(projectId);
    },
  };
}

async function setConnected(is: boolean) {
  connected = is;
  await act(async () => void dispatchEvent(new Event(is ? "online" : "offline")));
}

/** A first message whose conversation was made, and which a reload cut short then. */
async function reloadedWhileAsking() {
  const page = open();
  page.write("hello");
  page.send();
  await waitFor(() => expect(bodies("/messages")).toHaveLength(1));
  return page.reload();
}

const bodies = (end: string) => asked.filter(({ path }) => path.endsWith(end));

test("a first message that a reload cut short is asked in the conversation that was made for it", async () => {
  replies = { "/projects/": [made("p1"), made("p2")] };
  const again = await reloadedWhileAsking();
  expect(again.now().box.text).toBe("hello");
  replies["/p1/messages"] = [turn("p1")];
  again.send();
  await waitFor(() => expect(accepted).toHaveBeenCalledWith("p1"));
  const [first, second] = bodies("/p1/messages");
  expect(second?.body.client_request_id).toBe(first?.body.client_request_id);
  expect(bodies("/projects/")).toHaveLength(1);
});

test("another message is asked in a conversation of its own", async () => {
  replies = { "/projects/": [made("p1"), made("p2")], "/p2/messages": [turn("p2")] };
  const again = await reloadedWhileAsking();
  again.write("hello there");
  again.send();
  await waitFor(() => expect(accepted).toHaveBeenCalledWith("p2"));
});

test("where the conversation that was made for it is gone, another one is made", async () => {
  replies = { "/projects/": [made("p1"), made("p2")] };
  const again = await reloadedWhileAsking();
  replies["/p1/messages"] = [refusal("not_found", 404)];
  replies["/p2/messages"] = [turn("p2")];
  again.send();
  await waitFor(() => expect(accepted).toHaveBeenCalledWith("p2"));
});

test("a conversation that was made for a message which was refused takes the next one", async () => {
  replies = {
    "/projects/": [made("p1")],
    "/p1/messages": [refusal("too_many_turns", 429), turn("p1")],
  };
  const page = open();
  page.write("hello");
  page.send();
  await waitFor(() => expect(page.now().sending.error).toBeTruthy());
  page.write("hello there");
  page.send();
  await waitFor(() => expect(accepted).toHaveBeenCalledWith("p1"));
  expect(bodies("/projects/")).toHaveLength(1);
  expect(wayOf(page.key).made).toBeNull();
});

test("what was asked elsewhere already is another question when it is sent once more", async () => {
  replies = { "/p/messages": [refusal("client_request_id_reused", 409), turn("p")] };
  const page = open("p");
  page.write("hello");
  page.send();
  await waitFor(() => expect(codeOf(page.now().sending.error)).toBe("client_request_id_reused"));
  expect(page.now().box.text).toBe("hello");
  page.send();
  await waitFor(() => expect(accepted).toHaveBeenCalled());
  const [first, second] = bodies("/p/messages");
  expect(second?.body.client_request_id).not.toBe(first?.body.client_request_id);
});

test("what is typed while the first message waits for the network is in its conversation then", async () => {
  replies = { "/projects/": [made("p1")], "/p1/messages": [turn("p1")] };
  await setConnected(false);
  const page = open();
  page.write("hello");
  page.send();
  page.write("the next thought");
  await setConnected(true);
  await waitFor(() => expect(accepted).toHaveBeenCalledWith("p1"));
  // Nothing empty is shown until the page is there.
  expect(page.now().sending.pending?.text).toBe("hello");
  page.close();
  expect(open("p1").now().box.text).toBe("the next thought");
  expect(open().now().sending.pending).toBeNull();
  expect(readDraft(page.key)).toEqual(noDraft);
});

test("a message that waits is kept whole through a reload, whatever was typed after it", async () => {
  await setConnected(false);
  const page = open("p");
  page.write("a long question");
  page.send();
  page.write("x");
  expect(page.reload().now().box.text).toBe("a long question\n\nx");
});

test("whoever has gone elsewhere is not taken to the conversation that begins", async () => {
  let answer = (_: Response) => {};
  const late = new Promise<Response>((resolve) => {
    answer = resolve;
  });
  replies = { "/projects/": [made("p1")], "/p1/messages": [() => late] };
  const page = open();
  page.write("hello");
  page.send();
  await waitFor(() => expect(bodies("/messages")).toHaveLength(1));
  page.close();
  await act(async () => answer(turn("p1")()));
  await waitFor(() => expect(readDraft(page.key)).toEqual(noDraft));
  expect(accepted).not.toHaveBeenCalled();
  const { queryKey } = messagesQuery("p1");
  expect(inReadingOrder(queries.getQueryData(queryKey) as never)).toHaveLength(2);
  expect(open().now().sending.pending).toBeNull();
});

test("whoever comes back finds the message still waiting, and asks it once", async () => {
  replies = { "/p/messages": [turn("p")] };
  await setConnected(false);
  const page = open("p");
  page.write("hello");
  page.attach();
  page.send();
  page.close();
  const again = open("p");
  expect(again.now().sending.pending).toEqual({ text: "hello", images: [image] });
  expect(again.now().box.text).toBe("");
  expect(again.now().pictures).toEqual([]);
  await setConnected(true);
  await waitFor(() => expect(accepted).toHaveBeenCalledWith("p"));
  expect(again.now().sending.pending).toBeNull();
  expect(again.now().box.text).toBe("");
  expect(readDraft(again.key)).toEqual(noDraft);
  expect(asked).toHaveLength(1);
});

test("it can be taken back by whoever comes back", async () => {
  await setConnected(false);
  const page = open("p");
  page.write("hello");
  page.attach();
  page.send();
  page.close();
  const again = open("p");
  await act(async () => again.now().sending.takeBack());
  expect(again.now().sending).toMatchObject({ pending: null, error: null });
  expect(again.now().box.text).toBe("hello");
  expect(imagesIn(again.key)).toEqual([image]);
});

test("what was refused meanwhile is back in the box, with why", async () => {
  replies = { "/p/messages": [refusal("too_many_turns", 429)] };
  const page = open("p");
  page.write("hello");
  page.attach();
  page.send();
  page.close();
  await waitFor(() => expect(wayOf(page.key).get().error).toBeTruthy());
  const again = open("p");
  expect(codeOf(again.now().sending.error)).toBe("too_many_turns");
  expect(again.now().box.text).toBe("hello");
  again.attach();
  act(() => changeTray(again.key, () => []));
  expect(again.now().sending.error).toBeNull();
  expect(inBox(again.key)).toEqual({ text: "hello", images: null });
});

test("what waits is not sent for whoever signs in next, nor kept for the one who left", async () => {
  await setConnected(false);
  const page = open("p");
  page.write("hello");
  page.send();
  page.close();
  localStorage.clear();
  owner.set("somebody else");
  await setConnected(true);
  expect(asked).toEqual([]);
  expect(readDraft(page.key)).toEqual(noDraft);
  expect(open("p").now().sending.pending).toBeNull();
});
