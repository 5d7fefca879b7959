import { onlineManager, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { MemoryRouter } from "react-router";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Project } from "../../api/client";
import { hearNews } from "../../api/news";
import { closeToasts, Toasts, UndoKey } from "../../components/toast";
import { I18n } from "../../test/i18n";
import { undoTime } from "./deletions";
import { partsOf } from "./marked";
import { neighbour } from "./neighbour";
import { typingPause } from "./search-results";
import { Sidebar } from "./sidebar";

const project = (id: string, minute: number, more: Partial<Project> = {}): Project => {
  const time = new Date(Date.now() - minute * 60_000).toISOString();
  return {
    id,
    name: `Name of ${id}`,
    name_source: "user",
    parameters: {},
    pinned: false,
    created_at: time,
    updated_at: time,
    ...more,
  };
};

const all = [project("a", 1), project("b", 2), project("p", 3, { pinned: true })];
const asked: string[] = [];
let queries: QueryClient;

beforeEach(() => {
  asked.length = 0;
  vi.useFakeTimers({ shouldAdvanceTime: true });
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (request.method === "PATCH") {
      const change = await request.json();
      asked.push(`PATCH ${pathname} ${JSON.stringify(change)}`);
      const id = pathname.split("/").at(-1);
      return Response.json({ ...all.find((item) => item.id === id), ...change });
    }
    if (request.method === "DELETE") {
      asked.push(`DELETE ${pathname}`);
      return new Response(null, { status: 204 });
    }
    const words = searchParams.get("query");
    if (words) {
      asked.push(`query ${words}`);
      const match = { message_id: "m", excerpt: "…the Loquat ripens…" };
      if (words === "broken" && searchParams.has("cursor")) {
        return Response.json({ code: "internal" }, { status: 500 });
      }
      if (words === "more" || words === "broken") {
        return Response.json({ items: [all[1]], next_cursor: "further" });
      }
      return Response.json({ items: words === "loquat" ? [{ ...all[1], match }] : [] });
    }
    const pinned = searchParams.get("pinned") === "true";
    return Response.json({ items: all.filter((item) => item.pinned === pinned) });
  });
  queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
});
afterEach(() => {
  onlineManager.setOnline(true);
  act(closeToasts);
  vi.useRealTimers();
  vi.unstubAllGlobals();
  queries.clear();
});

async function show() {
  render(
    <QueryClientProvider client={queries}>
      <MemoryRouter>
        <Toasts />
        <UndoKey />
        <Sidebar closer={null} foot={null} drawer={false} searches={0} onNew={() => {}} />
      </MemoryRouter>
    </QueryClientProvider>,
    { wrapper: I18n },
  );
  await screen.findByText("Name of a");
}

const links = () => screen.getAllByRole("link").map((link) => link.getAttribute("href"));

describe("the sidebar", () => {
  test("has what is pinned in a group on top", async () => {
    await show();
    expect(links()).toEqual(["/c/p", "/c/a", "/c/b"]);
    const pinned = screen.getByRole("region", { name: "Pinned" });
    expect(within(pinned).getAllByRole("link")).toHaveLength(1);
  });

  test("hears of pins in other tabs", async () => {
    await show();
    act(() =>
      hearNews(queries, {
        type: "project",
        project: { ...project("b", 2), pinned: true } as never,
      }),
    );
    await waitFor(() => expect(links()).toEqual(["/c/b", "/c/p", "/c/a"]));
  });

  function choose(conversation: string, name: string) {
    const opener = screen.getByRole("button", { name: `Options for ${conversation}` });
    const menu = opener.nextElementSibling as HTMLElement;
    menu.hidePopover = () => opener.focus();
    fireEvent(menu, Object.assign(new Event("beforetoggle"), { newState: "open" }));
    fireEvent.click(within(menu).getByText(name));
  }

  test("keeps the focus in a row that is pinned, and so made anew elsewhere", async () => {
    await show();
    choose("Name of b", "Pin");
    await waitFor(() => expect(links()).toEqual(["/c/b", "/c/p", "/c/a"]));
    expect(document.activeElement?.getAttribute("href")).toBe("/c/b");
  });

  test("gives the focus back to a row that was renamed by a key", async () => {
    await show();
    choose("Name of a", "Rename");
    fireEvent.keyDown(screen.getByRole("textbox", { name: "New name" }), { key: "Enter" });
    expect(document.activeElement?.getAttribute("href")).toBe("/c/a");
  });

  test("leaves the focus where one went to in the middle of renaming", async () => {
    await show();
    choose("Name of a", "Rename");
    const field = screen.getByRole("textbox", { name: "New name" });
    field.focus();
    act(() => screen.getByRole("searchbox").focus());
    expect(screen.queryByRole("textbox", { name: "New name" })).toBeNull();
    expect(document.activeElement).toBe(screen.getByRole("searchbox"));
  });

  test("tells the server of a deletion when Undo is not offered any more", async () => {
    await show();
    choose("Name of b", "Delete");
    expect(links()).toEqual(["/c/p", "/c/a"]);
    await act(() => vi.advanceTimersByTimeAsync(undoTime - 500));
    const toast = screen.getByText("“Name of b” deleted");
    fireEvent.pointerEnter(toast.parentElement as Element, { pointerType: "mouse" });
    await act(() => vi.advanceTimersByTimeAsync(undoTime));
    expect(asked).toEqual([]);
    fireEvent.pointerLeave(toast.parentElement as Element, { pointerType: "mouse" });
    await act(() => vi.advanceTimersByTimeAsync(1500));
    expect(asked).toEqual(["DELETE /api/projects/b"]);
  });

  test("takes a deletion back by the key for that", async () => {
    await show();
    choose("Name of b", "Delete");
    fireEvent.keyDown(document.body, { key: "z", ctrlKey: true });
    expect(links()).toEqual(["/c/p", "/c/a", "/c/b"]);
    await act(() => vi.advanceTimersByTimeAsync(2 * undoTime));
    expect(asked).toEqual([]);
  });

  test("asks the server once typing pauses, and marks the words that were found", async () => {
    await show();
    const box = screen.getByRole("searchbox");
    for (const text of ["lo", "loqu", "loquat"]) fireEvent.change(box, { target: { value: text } });
    // Nothing jumps before there is an answer.
    expect(links()).toHaveLength(3);
    await act(() => vi.advanceTimersByTimeAsync(typingPause + 50));
    expect((await screen.findByText("Loquat", { selector: "mark" })).tagName).toBe("MARK");
    expect(asked).toEqual(["query loquat"]);
    expect(links()).toEqual(["/c/b#message-m"]);
  });

  test("says that one is offline instead of showing everything as found", async () => {
    await show();
    onlineManager.setOnline(false);
    fireEvent.change(screen.getByRole("searchbox"), { target: { value: "loquat" } });
    await act(() => vi.advanceTimersByTimeAsync(typingPause + 50));
    expect(screen.getByText(/You are offline/)).toBeDefined();
    expect(screen.queryAllByRole("link")).toHaveLength(0);
    await act(async () => onlineManager.setOnline(true));
    await screen.findByText("Loquat", { selector: "mark" });
  });

  test("keeps what was found where a further page fails", async () => {
    let reach: () => void = () => {};
    vi.stubGlobal(
      "IntersectionObserver",
      class {
        constructor(hear: IntersectionObserverCallback) {
          reach = () =>
            hear([{ isIntersecting: true } as IntersectionObserverEntry], this as never);
        }
        observe() {}
        disconnect() {}
      },
    );
    await show();
    fireEvent.change(screen.getByRole("searchbox"), { target: { value: "broken" } });
    await act(() => vi.advanceTimersByTimeAsync(typingPause + 50));
    await screen.findByText("More than 1 conversation");
    act(reach);
    await screen.findByText("The server had an error.");
    expect(links()).toEqual(["/c/b"]);
    expect(screen.getByRole("button", { name: "Try again" })).toBeDefined();
  });

  test("counts one conversation as one, also where there are more", async () => {
    await show();
    fireEvent.change(screen.getByRole("searchbox"), { target: { value: "more" } });
    await act(() => vi.advanceTimersByTimeAsync(typingPause + 50));
    expect(await screen.findByText("More than 1 conversation")).toBeTruthy();
  });

  test("says in words that nothing was found, and Escape brings everything back", async () => {
    await show();
    const box = screen.getByRole("searchbox");
    fireEvent.change(box, { target: { value: "pear" } });
    await act(() => vi.advanceTimersByTimeAsync(typingPause + 50));
    expect((await screen.findByText(/Nothing contains “pear”/)).textContent).toContain("pear");
    fireEvent.keyDown(box, { key: "Escape" });
    expect(links()).toHaveLength(3);
  });

  test("leads by the arrows from the box into the list", async () => {
    await show();
    fireEvent.keyDown(screen.getByRole("searchbox"), { key: "ArrowDown" });
    expect(document.activeElement?.getAttribute("href")).toBe("/c/p");
    fireEvent.keyDown(document.activeElement as Element, { key: "ArrowDown" });
    expect(document.activeElement?.getAttribute("href")).toBe("/c/a");
  });
});

test("the neighbours of a conversation are those beside it, the pinned ones first", async () => {
  expect(await neighbour(queries, null, 1)).toBe("p");
  expect(await neighbour(queries, "p", 1)).toBe("a");
  expect(await neighbour(queries, "a", -1)).toBe("p");
  expect(await neighbour(queries, "b", 1)).toBeNull();
});

test("a hit is marked whatever its case, also where it looks like a pattern", () => {
  expect(partsOf("Does it cost (5 $)?", "(5 $)")).toEqual(["Does it cost ", "(5 $)", "?"]);
  expect(partsOf("Äpfel und äpfel", "äpfel")).toEqual(["", "Äpfel", " und ", "äpfel", ""]);
  expect(partsOf("nothing", "")).toEqual(["nothing"]);
});
