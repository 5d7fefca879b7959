import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Device, Key, User } from "../../api/client";
import { departure, sessionQuery } from "../../api/session";
import { I18n } from "../../test/i18n";
import SettingsPage from "./settings-page";

const user = {
  id: "u",
  email: "ada@example.org",
  name: "Ada",
  role: "member" as const,
  created_at: "2026-01-01T12:00:00Z",
  updated_at: "2026-01-01T12:00:00Z",
  second_factor_missing: false,
};
const administrator: User = { ...user, role: "admin" };
const session = (id: string, more: Partial<Device> = {}): Device => ({
  id,
  is_current: false,
  user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
  address: "192.0.2.1",
  created_at: user.created_at,
  last_seen_at: user.created_at,
  expires_at: user.created_at,
  ...more,
});

const key = (name: string, more: Partial<Key> = {}): Key => ({
  id: name,
  name,
  scope: "read",
  prefix: "lq_01234567",
  created_at: user.created_at,
  ...more,
});

const asked: string[] = [];
let refusal: object | null = null;
/** Who the server says is signed in, where that is somebody else than the page thinks. */
let known: User | null;
let queries: QueryClient;

beforeEach(() => {
  asked.length = 0;
  refusal = null;
  known = null;
  departure.set(null);
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname } = new URL(request.url);
    const text = await request.text();
    if (request.method !== "GET") asked.push(`${request.method} ${pathname} ${text}`.trim());
    if (refusal && request.method !== "GET") return Response.json(refusal, { status: 422 });
    if (request.method === "DELETE") return new Response(null, { status: 204 });
    if (pathname.startsWith("/api/check_session")) {
      return Response.json(known ?? queries.getQueryData(sessionQuery.queryKey));
    }
    if (pathname.startsWith("/api/sessions")) {
      return Response.json({ items: [session("one"), session("here", { is_current: true })] });
    }
    if (pathname.startsWith("/api/keys") && request.method === "GET") {
      const ended = key("old", { expires_at: user.created_at });
      return Response.json({ items: [key("backup", { scope: "chat" }), ended] });
    }
    if (pathname.startsWith("/api/keys")) {
      return Response.json({ key: key(JSON.parse(text).name), secret: "lq_secret" });
    }
    if (pathname.startsWith("/api/invites")) {
      const { role } = text ? JSON.parse(text) : { role: "member" as const };
      const invite = {
        id: text ? "new" : "i",
        role,
        created_at: user.created_at,
        expires_at: user.created_at,
      };
      const made = { invite, token: "lqi_secret", path: "/register#invite=lqi_secret" };
      return Response.json(request.method === "GET" ? { items: [invite] } : made);
    }
    return Response.json({ ...user, ...JSON.parse(text) });
  });
  open();
});
afterEach(() => vi.unstubAllGlobals());

function open() {
  queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  queries.setQueryData(sessionQuery.queryKey, user);
  render(
    <QueryClientProvider client={queries}>
      <SettingsPage leading={null} onBack={() => {}} />
    </QueryClientProvider>,
    { wrapper: I18n },
  );
}

/** Comes back to the page, once the server knows this person as an administrator. */
function openAsAdministrator() {
  cleanup();
  known = administrator;
  open();
}

const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));
const write = (label: string | RegExp, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

test("a new name is saved, and everybody who shows it knows", async () => {
  write("Name", " Ada L. ");
  press("Save");
  await waitFor(() => expect(asked).toEqual(['PATCH /api/users/me {"name":"Ada L."}']));
  await waitFor(() => expect(queries.getQueryData(sessionQuery.queryKey)?.name).toBe("Ada L."));
});

test("a wrong password is told at its field, which has the focus then", async () => {
  refusal = { status: 422, code: "wrong_password", field: "current_password" };
  // A frame that comes before what is wrong is on the page.
  vi.stubGlobal("requestAnimationFrame", (frame: FrameRequestCallback) => frame(0));
  press("Change password");
  write("Current password", "wrong");
  write("New password", "a quiet orchard");
  screen.getByLabelText("New password").focus();
  press("Change password");
  expect((await screen.findByRole("alert")).textContent).toContain("not your current password");
  const field = screen.getByLabelText("Current password");
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect(document.activeElement).toBe(field);
});

test("too long a password is not called a wrong one", async () => {
  const detail = "current_password has at most 256 characters";
  refusal = { status: 422, code: "invalid", field: "current_password", detail };
  press("Change password");
  write("Current password", "long");
  write("New password", "a quiet orchard");
  press("Change password");
  await screen.findByText("A password has at most 256 characters.");
});

test("a changed password closes its form", async () => {
  press("Change password");
  write("Current password", "an orchard");
  write("New password", "a quiet orchard");
  press("Change password");
  await waitFor(() => expect(screen.queryByLabelText("New password")).toBeNull());
  expect(asked).toEqual([
    'PATCH /api/users/me {"current_password":"an orchard","password":"a quiet orchard"}',
  ]);
});

test("this device stands first and stays; another one can be signed out", async () => {
  expect(await screen.findByText("This device")).toBeDefined();
  const names = screen.getAllByText("Firefox on Linux");
  expect(names).toHaveLength(2);
  expect(names[0]?.parentElement?.textContent).toContain("This device");
  press("Sign out Firefox on Linux");
  await waitFor(() => expect(screen.getAllByText("Firefox on Linux")).toHaveLength(1));
  expect(asked).toEqual(["DELETE /api/sessions/one"]);
  expect(screen.queryByRole("button", { name: "Sign out everywhere else" })).toBeNull();
});

function nameKey(name: string) {
  const section = within(screen.getByRole("region", { name: "API keys" }));
  fireEvent.change(section.getByLabelText("Name"), { target: { value: name } });
}

test("keys are listed with what they are for, and those that have ended say so", async () => {
  const rows = [await screen.findByText("backup"), screen.getByText("old")];
  expect(rows[0]?.textContent).toBe("backupChat");
  expect(rows[1]?.textContent).toBe("oldEnded");
  expect(screen.getAllByText("lq_01234567…")).toHaveLength(2);
});

test("a new key is shown until it is put away, and then never again", async () => {
  await screen.findByText("backup");
  press("New key");
  expect(screen.queryByLabelText(/Administer/)).toBeNull();
  nameKey("reader");
  fireEvent.click(screen.getByLabelText("No end"));
  press("Create key");
  expect(await screen.findByText("lq_secret")).toBeDefined();
  expect(asked).toEqual([
    'POST /api/keys/ {"name":"reader","scope":"read","expires_in_days":null}',
  ]);
  expect(screen.getByText("reader")).toBeDefined();
  press("I have copied it");
  expect(screen.queryByText("lq_secret")).toBeNull();
  expect(screen.getByText("reader")).toBeDefined();
});

test("a name that the server refuses is told at its field", async () => {
  await screen.findByText("backup");
  refusal = { status: 422, code: "invalid", field: "name", detail: "a key needs a name" };
  press("New key");
  nameKey(" ");
  press("Create key");
  expect((await screen.findByRole("alert")).textContent).toContain("neither empty nor too long");
});

test("a key is deleted only once that is confirmed", async () => {
  await screen.findByText("backup");
  press("Delete backup");
  press("Keep it");
  expect(asked).toEqual([]);
  press("Delete backup");
  press("Delete key");
  await waitFor(() => expect(screen.queryByText("backup")).toBeNull());
  expect(asked).toEqual(["DELETE /api/keys/backup"]);
  expect(screen.getByText("old")).toBeDefined();
});

test("the account is deleted only once its address is written and its password known", async () => {
  press("Delete account…");
  write(/To confirm/, "bob@example.org");
  write("Current password", "an orchard");
  press("Delete for good");
  expect(screen.getByRole("alert").textContent).toContain("not the address");
  expect(asked).toEqual([]);
  write(/To confirm/, "Ada@example.org");
  refusal = { status: 422, code: "wrong_password", field: "password" };
  press("Delete for good");
  await waitFor(() =>
    expect(screen.getByRole("alert").textContent).toContain("not your current password"),
  );
  expect(queries.getQueryData(sessionQuery.queryKey)).not.toBeNull();
  asked.length = 0;
  refusal = null;
  write("Current password", "a quiet orchard");
  press("Delete for good");
  await waitFor(() => expect(queries.getQueryData(sessionQuery.queryKey)).toBeNull());
  expect(asked).toEqual(['DELETE /api/users/me {"password":"a quiet orchard"}']);
  expect(departure.get()).toBe("deleted");
});

test("whoever was made an administrator meanwhile finds what is theirs to set", async () => {
  expect(screen.queryByRole("region", { name: "People" })).toBeNull();
  openAsAdministrator();
  await screen.findByRole("region", { name: "People" });
});

test("only administrators invite, and the link is shown once", async () => {
  expect(screen.queryByText("Invitations")).toBeNull();
  openAsAdministrator();
  await screen.findByText("For a member");
  press("Invite somebody");
  fireEvent.click(screen.getByLabelText("Administrator"));
  fireEvent.click(screen.getByLabelText("30 days"));
  press("Create link");
  await screen.findByText(`${location.origin}/register#invite=lqi_secret`);
  expect(asked).toEqual(['POST /api/invites/ {"role":"admin","expires_in_days":30}']);
  press("I have copied it");
  expect(screen.queryByText(/lqi_secret/)).toBeNull();
  expect(screen.getByText("For an administrator")).toBeDefined();
});

test("an invitation is taken back", async () => {
  openAsAdministrator();
  fireEvent.click(await screen.findByRole("button", { name: /^Take back the invitation/ }));
  await waitFor(() => expect(asked).toEqual(["DELETE /api/invites/i"]));
  await waitFor(() => expect(screen.queryByText("For a member")).toBeNull());
});
