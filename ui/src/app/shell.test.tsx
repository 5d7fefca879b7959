import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { MemoryRouter, Route, Routes } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Project, User } from "../api/client";
import { sessionQuery } from "../api/session";
import { closeToasts, Toasts } from "../components/toast";
import { leaving } from "../features/sidebar/deletions";
import { I18n } from "../test/i18n";
import { Protected } from "./protected";
import { Shell } from "./shell";

const time = "2026-01-01T12:00:00Z";
const ada: User = {
  id: "u",
  email: "ada@example.org",
  name: "Ada",
  role: "member",
  created_at: time,
  updated_at: time,
  second_factor_missing: false,
};
const bridges: Project = {
  id: "a",
  name: "Bridges",
  name_source: "user",
  parameters: {},
  pinned: false,
  created_at: time,
  updated_at: time,
};

let asked: string[];
let deleted: () => void;

beforeEach(() => {
  asked = [];
  vi.stubGlobal("matchMedia", (query: string) => ({
    matches: query.includes("min-width"),
    addEventListener: () => {},
    removeEventListener: () => {},
  }));
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (request.method !== "GET") asked.push(`${request.method} ${pathname}`);
    if (request.method === "DELETE") {
      await new Promise<void>((resolve) => {
        deleted = resolve;
      });
    }
    if (request.method !== "GET") return new Response(null, { status: 204 });
    return Response.json({ items: searchParams.get("pinned") === "true" ? [] : [bridges] });
  });
});
afterEach(() => {
  act(closeToasts);
  vi.unstubAllGlobals();
});

function choose(label: string, name: string) {
  const opener = screen.getByRole("button", { name: label });
  const menu = opener.nextElementSibling as HTMLElement;
  menu.hidePopover = () => {};
  fireEvent(menu, Object.assign(new Event("beforetoggle"), { newState: "open" }));
  fireEvent.click(within(menu).getByText(name));
}

test("what was deleted is deleted before one is signed out, and not offered afterwards", async () => {
  const queries = new QueryClient();
  queries.setQueryData(sessionQuery.queryKey, ada);
  render(
    <QueryClientProvider client={queries}>
      <MemoryRouter initialEntries={["/settings"]}>
        <Routes>
          <Route path="/login" element={<p>Sign in</p>} />
          <Route element={<Protected />}>
            <Route element={<Shell />}>
              <Route path="settings" element={null} />
            </Route>
          </Route>
        </Routes>
        <Toasts />
      </MemoryRouter>
    </QueryClientProvider>,
    { wrapper: I18n },
  );
  await screen.findByText("Bridges");
  choose("Options for Bridges", "Delete");
  await screen.findByRole("button", { name: "Undo" });
  choose("Ada: account and settings", "Sign out");
  await waitFor(() => expect(asked).toEqual(["DELETE /api/projects/a"]));
  expect(screen.queryByRole("button", { name: "Undo" })).toBeNull();
  await act(async () => deleted());
  await screen.findByText("Sign in");
  expect(asked).toEqual(["DELETE /api/projects/a", "POST /api/logout/"]);
  expect(leaving.get().size).toBe(0);
});
