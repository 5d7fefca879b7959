import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import { MemoryRouter, Route, Routes } from "react-router";
import { expect, test, vi } from "vitest";
import type { User } from "../../api/client";
import { departure, sessionQuery, settingsQuery } from "../../api/session";
import { I18n } from "../../test/i18n";
import { LoginPage } from "./login-page";
import RegisterPage from "./register-page";
import ResetPage from "./reset-page";

function show(page: "login" | "register" | "reset", signup: string, address = "/", user?: User) {
  const queries = new QueryClient();
  queries.setQueryData(sessionQuery.queryKey, user ?? null);
  queries.setQueryData(settingsQuery.queryKey, { signup, passkeys: false, version: "" });
  render(
    <QueryClientProvider client={queries}>
      <MemoryRouter initialEntries={[address]}>
        <Routes>
          <Route path="/login" element={<LoginPage />} />
          <Route path="/reset" element={<ResetPage />} />
          <Route path="*" element={page === "login" ? <LoginPage /> : <RegisterPage />} />
        </Routes>
      </MemoryRouter>
    </QueryClientProvider>,
    { wrapper: I18n },
  );
}

test.each([
  ["closed", "takes no new people"],
  ["invite", "Nobody can register alone"],
])("where sign-up is %s, the page says so instead of a form", (signup, words) => {
  show("register", signup);
  expect(document.body.textContent).toContain(words);
  expect(screen.queryByRole("textbox")).toBeNull();
  expect(screen.getByRole("link", { name: "Sign in" })).toBeDefined();
});

test.each([
  ["open", "Create an account"],
  ["closed", "come from whoever runs this server"],
  ["invite", "by invitation"],
])("the login page says how one gets an account where sign-up is %s", (signup, words) => {
  show("login", signup);
  expect(document.body.textContent).toContain(words);
});

test("somebody who deleted the account reads that it is done", () => {
  departure.set("deleted");
  show("login", "open");
  expect(document.body.textContent).toContain("Your account is deleted");
  departure.set(null);
});

test("password managers know the fields, and the password can be shown", () => {
  show("register", "open");
  const password = screen.getByLabelText("Password");
  expect(password.getAttribute("autocomplete")).toBe("new-password");
  expect(screen.getByLabelText("Email").getAttribute("autocomplete")).toBe("username");
  fireEvent.click(screen.getByRole("button", { name: "Show password" }));
  expect(password.getAttribute("type")).toBe("text");
});

test("an invitation opens the form wherever sign-up is closed, and goes along with it", async () => {
  const asked: unknown[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    asked.push(await request.json());
    const problem = { status: 403, code: "invite_invalid", detail: "no" };
    return Response.json(problem, { status: 403 });
  });
  show("register", "invite", "/register#invite=lqi_1");
  expect(document.body.textContent).toContain("You are invited.");
  fireEvent.change(screen.getByLabelText("Email"), { target: { value: "eve@example.org" } });
  fireEvent.change(screen.getByLabelText("Password"), { target: { value: "four words" } });
  fireEvent.click(screen.getByRole("button", { name: "Create account" }));
  await screen.findByText("This invitation is not valid any more.");
  expect(asked).toEqual([
    { email: "eve@example.org", password: "four words", name: null, invite: "lqi_1" },
  ]);
  vi.unstubAllGlobals();
});

test("an invitation says to whoever has an account what it is, and lets them use it signed out", async () => {
  vi.stubGlobal("fetch", async () => new Response(null, { status: 204 }));
  const user = { id: "u", email: "ada@example.org" } as User;
  show("register", "invite", "/register#invite=lqi_1", user);
  screen.getByText("You have an account here: ada@example.org.");
  expect(screen.getByRole("link").getAttribute("href")).toBe("/");
  fireEvent.click(screen.getByRole("button", { name: "Sign out and use it" }));
  await screen.findByText("You are invited.");
  departure.set(null);
  vi.unstubAllGlobals();
});

test("a link sets a new password, and then one signs in with it", async () => {
  const asked: unknown[] = [];
  let refused = true;
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.method === "GET") return Response.json({ code: "not_signed_in" }, { status: 401 });
    asked.push(await request.json());
    const problem = { status: 403, code: "reset_invalid", detail: "no" };
    return refused ? Response.json(problem, { status: 403 }) : new Response(null, { status: 204 });
  });
  show("reset", "closed", "/reset#token=lqr_1");
  const password = screen.getByLabelText("New password");
  expect(password.getAttribute("autocomplete")).toBe("new-password");
  fireEvent.change(password, { target: { value: "four words" } });
  fireEvent.click(screen.getByRole("button", { name: "Set password" }));
  await screen.findByText("This link is not valid any more.");
  refused = false;
  fireEvent.click(screen.getByRole("button", { name: "Set password" }));
  await screen.findByText("Your new password is set. Sign in with it.");
  expect(asked).toEqual(Array(2).fill({ token: "lqr_1", password: "four words" }));
  departure.set(null);
  vi.unstubAllGlobals();
});

test("half a link says so instead of a form", () => {
  show("reset", "open", "/reset");
  expect(document.body.textContent).toContain("This link is not whole.");
  expect(screen.queryByLabelText("New password")).toBeNull();
});
test("whoever has a second factor is asked for it after the password, in either form", async () => {
  const asked: [string, unknown][] = [];
  let fits = false;
  vi.stubGlobal("fetch", async (request: Request) => {
    asked.push([new URL(request.url).pathname, await request.json()]);
    const problem = request.url.endsWith("/login/")
      ? { code: "second_factor_required", challenge: "c", methods: ["code", "recovery_code"] }
      : { code: "wrong_factor", field: "code", detail: "no" };
    if (!fits || request.url.endsWith("/login/")) {
      return Response.json({ status: 401, ...problem }, { status: 401 });
    }
    return Response.json({ id: "u", email: "ada@example.org", second_factor_missing: false });
  });
  show("login", "open");
  expect(screen.queryByRole("button", { name: "Sign in with a passkey" })).toBeNull();
  fireEvent.change(screen.getByLabelText("Email"), { target: { value: "ada@example.org" } });
  fireEvent.change(screen.getByLabelText("Password"), { target: { value: "four words" } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  const code = await screen.findByLabelText("Code from your app");
  expect(code.getAttribute("autocomplete")).toBe("one-time-code");
  expect(code.getAttribute("inputmode")).toBe("numeric");
  fireEvent.change(code, { target: { value: "123456" } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  await screen.findByText("This code is wrong, or was used already.");
  fireEvent.click(screen.getByRole("button", { name: "Use a recovery code" }));
  fireEvent.change(screen.getByLabelText("Recovery code"), { target: { value: " ab-cd " } });
  fits = true;
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  await waitFor(() => expect(asked.length).toBe(3));
  expect(asked.slice(1)).toEqual([
    ["/api/login/second_factor", { challenge: "c", code: "123456" }],
    ["/api/login/second_factor", { challenge: "c", recovery_code: "ab-cd" }],
  ]);
  await waitFor(() => expect(screen.queryByLabelText("Recovery code")).toBeNull());
  vi.unstubAllGlobals();
});
