import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { act, render, screen } from "@testing-library/react";
import { MemoryRouter, Route, Routes, useLocation } from "react-router";
import { expect, test, vi } from "vitest";
import type { User } from "../api/client";
import { leaveSession, sessionQuery } from "../api/session";
import { createStore, useStore } from "../lib/store";
import { I18n } from "../test/i18n";
import { Protected } from "./protected";

const ada: User = {
  id: "u",
  email: "ada@example.org",
  name: "Ada",
  role: "member",
  created_at: "2026-01-01T12:00:00Z",
  updated_at: "2026-01-01T12:00:00Z",
  second_factor_missing: false,
};

test("what somebody had loaded is forgotten when they leave, and not asked for again", async () => {
  const queries = new QueryClient();
  queries.setQueryData(sessionQuery.queryKey, ada);
  const news = createStore(0);
  let asked = 0;
  function Secrets() {
    useStore(news);
    const { data } = useQuery({
      queryKey: ["projects"],
      queryFn: () => {
        asked++;
        return "what Ada wrote";
      },
    });
    return <p>{data}</p>;
  }
  render(
    <QueryClientProvider client={queries}>
      <MemoryRouter>
        <Routes>
          <Route path="/login" element={<p>Sign in</p>} />
          <Route element={<Protected />}>
            <Route index element={<Secrets />} />
          </Route>
        </Routes>
      </MemoryRouter>
    </QueryClientProvider>,
    { wrapper: I18n },
  );
  await screen.findByText("what Ada wrote");
  await act(async () => {
    leaveSession(queries, "left");
    // As when the connection is cut in the same moment.
    news.set(1);
  });
  await screen.findByText("Sign in");
  expect(asked).toBe(1);
  expect(queries.getQueryData(["projects"])).toBeUndefined();
});

test("whoever must set a second factor up first is led there, and nothing else is asked for", async () => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    asked.push(new URL(request.url).pathname);
    return Response.json({ items: [], is_on: false, passkeys: 0, recovery_codes: 0 });
  });
  const queries = new QueryClient();
  const asking: User = { ...ada, second_factor_missing: true };
  queries.setQueryData(sessionQuery.queryKey, asking);
  render(
    <QueryClientProvider client={queries}>
      <MemoryRouter initialEntries={["/c/somewhere"]}>
        <Routes>
          <Route element={<Protected />}>
            <Route path="*" element={<p>inside</p>} />
          </Route>
        </Routes>
      </MemoryRouter>
    </QueryClientProvider>,
    { wrapper: I18n },
  );
  await screen.findByRole("heading", { name: "Make your account safer" });
  await screen.findByRole("button", { name: "Set up an authenticator app" });
  expect(screen.queryByText("inside")).toBeNull();
  expect(new Set(asked)).toEqual(new Set(["/api/second_factor", "/api/passkeys/"]));
  act(() => void queries.setQueryData(sessionQuery.queryKey, ada));
  await screen.findByText("inside");
  vi.unstubAllGlobals();
});

test("whoever signs in first comes back to the very place that was asked for", async () => {
  const queries = new QueryClient();
  queries.setQueryData(sessionQuery.queryKey, null);
  const SignIn = () => <p>{JSON.stringify(useLocation().state)}</p>;
  render(
    <QueryClientProvider client={queries}>
      <MemoryRouter initialEntries={["/c/1?find=a#message-2"]}>
        <Routes>
          <Route path="/login" element={<SignIn />} />
          <Route element={<Protected />}>
            <Route path="/c/:id" element={<p>The conversation</p>} />
          </Route>
        </Routes>
      </MemoryRouter>
    </QueryClientProvider>,
    { wrapper: I18n },
  );
  await screen.findByText('{"from":"/c/1?find=a#message-2"}');
});
