/** The states of somebody who is not in yet, or not any more. */
import { check } from "../report.mjs";
import { password } from "../visit.mjs";

export const door = {
  "login, and a wrong password": async ({ page, goto, email, expected }) => {
    expected.push(/status of 401/);
    await goto("/c/somewhere");
    await page.getByRole("heading", { name: "Welcome back" }).waitFor();
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("do not belong together").waitFor();
    check((await page.getByLabel("Email").inputValue()) === email, "the address is gone");
  },

  "register, and the empty state": async ({ page, goto, email, chat }) => {
    await goto("/");
    await page.getByRole("link", { name: "Create an account" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Ada Example");
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("heading", { name: "What is on your mind, Ada?" }).waitFor();
    await page.getByRole("button", { name: "Explain something" }).click();
    check((await chat.box.inputValue()).length > 20, "the suggestion is not in the box");
  },

  "closed sign-up": async ({ page, start, visitAt }) => {
    const server = await start({ LOQUAT_SIGNUP: "closed" });
    visitAt(server);
    await page.goto(`${server.base}/register`);
    await page.getByRole("heading", { name: "New accounts are closed here." }).waitFor();
    await page.getByRole("link", { name: "Sign in" }).click();
    await page.getByText("New accounts come from whoever runs this server.").waitFor();
  },

  "sign-up by invitation": async ({ page, start, visitAt }) => {
    const server = await start({ LOQUAT_SIGNUP: "invite" });
    visitAt(server);
    await page.goto(`${server.base}/register`);
    await page.getByRole("heading", { name: "By invitation only" }).waitFor();
    await page.getByRole("link", { name: "Sign in" }).click();
    await page.getByText("New accounts are by invitation").waitFor();
  },

  "signed out in mid-answer": async ({
    page,
    begin,
    chat,
    api,
    context,
    base,
    email,
    expected,
  }) => {
    expected.push(/status of 401/, /WebSocket connection to/);
    await begin();
    await chat.ask("steady: how does a bridge stand?");
    await chat.written();
    await chat.box.fill("half a thou");
    // As when the session runs out: the cookie stays, and nobody in this tab did it.
    const cookies = await context.cookies(base);
    await api("POST", "/logout/");
    await context.addCookies(cookies);
    await page.getByText("Your session has ended").waitFor({ timeout: 60_000 });
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await chat.answers.last().waitFor();
    check((await chat.box.inputValue()) === "half a thou", "the draft is gone");
  },
};
