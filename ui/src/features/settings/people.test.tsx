import { onlineManager, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AuditEntry, Person, User } from "../../api/client";
import { sessionQuery } from "../../api/session";
import { Toasts } from "../../components/toast";
import { I18n } from "../../test/i18n";
import { AuditLog } from "./audit-log";
import { sayEntry } from "./audit-words";
import { People } from "./people";

const time = "2026-01-01T12:00:00Z";

const person = (name: string, more: Partial<Person> = {}): Person => ({
  id: name,
  email: `${name}@example.org`,
  name,
  role: "member",
  is_active: true,
  last_seen_at: time,
  conversations: 1,
  sessions: 1,
  created_at: time,
  updated_at: time,
  ...more,
});

const root: User = {
  id: "root",
  email: "root@example.org",
  role: "admin",
  second_factor_missing: false,
  created_at: time,
  updated_at: time,
};

const asked: string[] = [];
let refusal: { status: number; code: string } | null = null;
let broken = false;

beforeEach(() => {
  asked.length = 0;
  refusal = null;
  broken = false;
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    const text = await request.text();
    asked.push(`${request.method} ${pathname}${search} ${text}`.trim());
    if (refusal && request.method !== "GET") {
      return Response.json({ ...refusal, detail: "no" }, { status: refusal.status });
    }
    if (request.method === "DELETE") return new Response(null, { status: 204 });
    const link = { token: "lqr_1", path: "/reset#token=lqr_1", expires_at: time };
    if (pathname.endsWith("/reset_link")) return Response.json(link, { status: 201 });
    if (request.method === "POST") {
      return Response.json({ person: person("eve"), link }, { status: 201 });
    }
    if (request.method === "PATCH") {
      const { active, ...rest } = JSON.parse(text);
      return Response.json(person("ada", { is_active: active ?? true, ...rest }));
    }
    if (pathname === "/api/audit/") return Response.json({ items: [entry("key_created")] });
    if (search.includes("query=zoe")) return Response.json({ items: [] });
    if (broken) return Response.json({ code: "internal" }, { status: 500 });
    const own = person("root", { role: "admin", name: null });
    const items = search.includes("cursor") ? [person("old")] : [person("ada"), own];
    return Response.json({ items, next_cursor: search.includes("cursor") ? null : "c" });
  });
});
afterEach(() => {
  onlineManager.setOnline(true);
  vi.unstubAllGlobals();
});

function show(what: "people" | "log") {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  queries.setQueryData(sessionQuery.queryKey, root);
  render(
    <QueryClientProvider client={queries}>
      {what === "people" ? <People /> : <AuditLog />}
      <Toasts />
    </QueryClientProvider>,
    { wrapper: I18n },
  );
}

const press = (name: string | RegExp) => fireEvent.click(screen.getByRole("button", { name }));
const done = () => asked.filter((one) => !one.startsWith("GET"));

// Popovers neither open nor close here, and what is in them is only there once they do.
HTMLElement.prototype.hidePopover ??= () => {};

function choose(who: string, item: string) {
  const menu = screen.getByRole("menu", { name: `Options for ${who}`, hidden: true });
  fireEvent(menu, Object.assign(new Event("beforetoggle"), { newState: "open" }));
  fireEvent.click(within(menu).getByText(item));
}

test("everybody is listed with what they may do, and nobody can shut themselves out", async () => {
  show("people");
  const own = await screen.findByText("root@example.org");
  expect(own.parentElement?.textContent).toBe("root@example.orgYouAdministrator");
  expect(screen.getByText("ada").parentElement?.textContent).toBe("ada");
  expect(screen.queryByRole("menu", { name: /root/, hidden: true })).toBeNull();
  press("Show more");
  await screen.findByText("old");
  expect(screen.queryByRole("button", { name: "Show more" })).toBeNull();
});

test("a further page that fails is told where it would be, and can be asked for again", async () => {
  show("people");
  await screen.findByText("ada");
  broken = true;
  press("Show more");
  const words = await screen.findByText("The server had an error.");
  const list = screen.getByText("ada").closest("ul") as Element;
  expect(list.compareDocumentPosition(words)).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
  broken = false;
  press("Try again");
  await screen.findByText("old");
  expect(screen.queryByText("The server had an error.")).toBeNull();
});

test("without a network it is told that one is offline, and the list comes later", async () => {
  onlineManager.setOnline(false);
  show("people");
  await screen.findByText("You are offline.");
  expect(screen.queryByRole("status", { name: "Loading" })).toBeNull();
  act(() => onlineManager.setOnline(true));
  await screen.findByText("ada");
});

test("people are searched for on the server, and it is told when there are none", async () => {
  show("people");
  await screen.findByText("ada");
  fireEvent.change(screen.getByLabelText("Search people"), { target: { value: " zoe " } });
  await screen.findByText("Nobody is called “zoe”.");
  expect(asked.at(-1)).toBe("GET /api/admin/users/?query=zoe&limit=20");
});

test("somebody is deactivated, and with a change of mind active again", async () => {
  show("people");
  await screen.findByText("ada");
  choose("ada", "Deactivate");
  await screen.findByText("Deactivated");
  press("Undo");
  await waitFor(() => expect(screen.queryByText("Deactivated")).toBeNull());
  expect(done()).toEqual([
    'PATCH /api/admin/users/ada {"active":false}',
    'PATCH /api/admin/users/ada {"active":true}',
  ]);
});

test("a role is given, and a refusal is told in words", async () => {
  show("people");
  await screen.findByText("ada");
  choose("ada", "Make an administrator");
  await waitFor(() => expect(screen.getAllByText("Administrator")).toHaveLength(2));
  refusal = { status: 409, code: "last_administrator" };
  choose("ada", "Make a member");
  await screen.findByText("Somebody has to run this server.");
  refusal = { status: 404, code: "not_found" };
  choose("ada", "Make a member");
  await screen.findByText("This account does not exist any more.");
});

test("an account is deleted only once that is confirmed", async () => {
  show("people");
  await screen.findByText("ada");
  choose("ada", "Delete…");
  press("Keep the account");
  expect(done()).toEqual([]);
  choose("ada", "Delete…");
  press("Delete for good");
  await waitFor(() => expect(screen.queryByText("ada")).toBeNull());
  expect(done()).toEqual(["DELETE /api/admin/users/ada"]);
});

test("a password link is shown once", async () => {
  show("people");
  await screen.findByText("ada");
  choose("ada", "New password link");
  await screen.findByText(`${location.origin}/reset#token=lqr_1`);
  expect(done()).toEqual(["POST /api/admin/users/ada/reset_link"]);
  press("I have copied it");
  expect(screen.queryByText(/lqr_1/)).toBeNull();
});

test("an account is made without a password, and its link is shown", async () => {
  show("people");
  await screen.findByText("ada");
  press("Add somebody");
  fireEvent.change(screen.getByLabelText("Email"), { target: { value: " eve@example.org " } });
  refusal = { status: 409, code: "email_taken" };
  press("Create account");
  await waitFor(() => expect(done()).toHaveLength(1));
  refusal = null;
  await waitFor(() => press("Create account"));
  await screen.findByRole("group", { name: "A password link for eve@example.org" });
  expect(done().at(-1)).toBe(
    'POST /api/admin/users/ {"email":"eve@example.org","name":null,"role":"member"}',
  );
});

function entry(action: AuditEntry["action"], more: Partial<AuditEntry> = {}): AuditEntry {
  const actor = { actor_id: "a", actor_email: "root@example.org" };
  const target = { target_kind: "user" as const, target_id: "t", target_label: "backup" };
  return { id: action, at: time, ...actor, ...target, action, details: {}, ...more };
}

test("the log tells who did what in sentences", async () => {
  show("log");
  await screen.findByText("root@example.org made the API key “backup”");
  const role = { details: { role: "admin" } };
  for (const [told, said] of [
    [entry("user_deactivated"), "root@example.org deactivated backup"],
    [entry("user_role_changed", role), "root@example.org made backup an administrator"],
    [entry("user_role_changed"), "root@example.org made backup a member"],
    [entry("user_deleted"), "root@example.org deleted the account of backup"],
    [entry("user_deleted", { target_id: "a" }), "root@example.org deleted their own account"],
    [
      entry("user_created", { actor_id: null, actor_email: null }),
      "The command line made an account for backup",
    ],
    [
      entry("user_registered", { details: { invite_id: "i" } }),
      "root@example.org registered with an invitation",
    ],
  ] as const) {
    expect(sayEntry(told)).toBe(said);
  }
});
