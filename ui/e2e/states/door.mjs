/** The states of somebody who is not in yet, or not any more. */
import { check, waitUntil } from "../report.mjs";
import { password } from "../visit.mjs";

/** Makes an account with an invitation. */
export async function join(page, link, email) {
  await page.goto(link);
  await page.getByText("You are invited.").waitFor();
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: /on your mind/ }).waitFor();
}

/** Somebody who runs a server of their own, in the settings. */
export async function administrator({ page, context, start, visitAt, goto, email }) {
  const server = await start({ LOQUAT_SIGNUP: "closed" });
  visitAt(server);
  await waitUntil(() => server.setupLink(), "the server prints no link");
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.base });
  await join(page, server.setupLink(), email);
  await goto("/settings");
  return server;
}

/** All pages of a browser have one clipboard, and another may just have copied a link to its own server. */
export async function copiedLink(page) {
  const { origin } = new URL(page.url());
  let link;
  await waitUntil(async () => {
    await page.getByRole("button", { name: /^(Copy link|Copied)$/ }).click();
    await page.getByRole("button", { name: "Copied", exact: true }).waitFor();
    link = await page.evaluate(() => navigator.clipboard.readText());
    return link.startsWith(`${origin}/`);
  }, "the link is not in the clipboard");
  await page.getByRole("button", { name: "I have copied it" }).click();
  return link;
}

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

  "login, after too many wrong passwords": async ({
    page,
    start,
    visitAt,
    goto,
    email,
    expected,
  }) => {
    expected.push(/status of 401/, /status of 429/);
    visitAt(await start({ LOQUAT_MAX_WRONG_PASSWORDS: "1" }));
    await goto("/login");
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("do not belong together").waitFor();
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Too many wrong passwords were given for this account.").waitFor();
    await page.getByText(/Try again after/).waitFor();
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

  "the first administrator, and an invitation": async (visit) => {
    const { page, browser, email } = visit;
    const server = await administrator(visit);
    await page.getByRole("button", { name: "Invite somebody" }).click();
    await page.getByRole("button", { name: "Create link" }).click();
    const link = await copiedLink(page);
    await page.getByText("For a member").waitFor();
    const guest = await (await browser.newContext()).newPage();
    await join(guest, link, `eve-${email}`);
    await guest.goto(`${server.base}/settings`);
    await guest.getByRole("heading", { name: "API keys" }).waitFor();
    check((await guest.getByText("Invitations").count()) === 0, "a member can invite");
    await guest.context().close();
    await page.reload();
    await page.getByRole("button", { name: "Invite somebody" }).waitFor();
    check((await page.getByText("For a member").count()) === 0, "the invitation is still there");
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
