import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { limitsQuery } from "../api/limits";
import { sessionQuery, useUser } from "../api/session";
import { SessionWatch } from "./session-watch";

afterEach(() => vi.unstubAllGlobals());

const Role = () => useUser()?.role;

test("whoever is refused as no administrator any more is looked up again", async () => {
  const ada = { id: "u", email: "ada@example.org", role: "member" };
  vi.stubGlobal("fetch", async ({ url }: Request) =>
    url.endsWith("/limits")
      ? Response.json({ status: 403, code: "admin_only" }, { status: 403 })
      : Response.json(ada),
  );
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  queries.setQueryData(sessionQuery.queryKey, { ...ada, role: "admin" } as never);
  render(
    <QueryClientProvider client={queries}>
      <SessionWatch />
      <Role />
    </QueryClientProvider>,
  );
  screen.getByText("admin");
  await expect(queries.fetchQuery(limitsQuery)).rejects.toThrow();
  await screen.findByText("member");
});
