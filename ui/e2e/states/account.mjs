/** The states of one's own account, and of the ways through the page that lead there. */
import { readFile } from "node:fs/promises";
import { check, waitUntil } from "../report.mjs";
import { password } from "../visit.mjs";

export const account = {
  "an API key": async ({ page, begin, goto, base }) => {
    await begin();
    await goto("/settings");
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByLabel("Name", { exact: true }).last().fill("backup");
    await page.keyboard.press("Enter");
    const shown = page.getByRole("group", { name: "Your new key" });
    const key = (await shown.locator("code").first().textContent()).trim();
    check(/^lq_[0-9a-f]{64}$/.test(key), "no key is shown");
    const status = async () => {
      const headers = { authorization: `Bearer ${key}` };
      return (await fetch(`${base}/api/projects/`, { headers })).status;
    };
    check((await status()) === 200, "the key is refused");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "I have copied it" }).click();
    await shown.waitFor({ state: "detached" });
    check(!(await page.content()).includes(key), "the key is still in the page");
    await page.getByRole("button", { name: "Delete backup" }).click();
    await page.getByRole("button", { name: "Delete key" }).click();
    await page.getByRole("button", { name: "Delete backup" }).waitFor({ state: "detached" });
    check((await status()) === 401, "the deleted key still works");
  },

  "all data as a file": async ({ page, begin, goto, chat, email }) => {
    await begin();
    await chat.askAndWait("short: for the file");
    await goto("/settings");
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download everything" }).click();
    const file = await download;
    check(file.suggestedFilename().endsWith(".json"), file.suggestedFilename());
    const text = await readFile(await file.path(), "utf8");
    check(JSON.parse(text).user.email === email, "it is somebody else's");
    check(text.includes("short: for the file"), "the conversation is not in it");
  },

  "the account deleted": async ({ page, begin, goto, email, expected }) => {
    expected.push(/status of 422/);
    await begin();
    await goto("/settings");
    await page.getByRole("button", { name: "Delete account…" }).click();
    await page.getByLabel(/To confirm/).fill(email);
    const field = page.getByLabel("Current password", { exact: true });
    await field.fill("not the password");
    await page.getByRole("button", { name: "Delete for good" }).click();
    await page.getByText("This is not your current password.").waitFor();
    await waitUntil(
      () => field.evaluate((input) => input === document.activeElement),
      "not at the mistake",
    );
    await field.fill(password);
    await page.getByRole("button", { name: "Delete for good" }).click();
    await page.getByText("Your account is deleted").waitFor();
  },

  "a deletion just before signing out": async (visit) => {
    const { page, phone, begin, chat, api, email, showSidebar } = visit;
    await begin();
    await chat.askAndWait("short: to be deleted");
    await showSidebar();
    await chat.rows.first().hover();
    await chat.rows
      .first()
      .getByRole("button", { name: /^Options for/ })
      .click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    const undo = page.getByRole("button", { name: "Undo" });
    await undo.waitFor();
    // The conversation was open: going away from it has closed the drawer.
    if (phone) await showSidebar();
    await page.getByRole("button", { name: /account and settings$/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByText("You are signed out.").waitFor();
    check(!(await undo.isVisible()), "what nobody may do is still offered");
    await api("POST", "/login/", { email, password });
    const { items } = await api("GET", "/projects/");
    check(items.length === 0, "it was not deleted");
  },

  "the list of conversations, hidden and shown": async (visit) => {
    const { page, begin, chat, phone, base } = visit;
    await begin();
    await chat.askAndWait("short: the list");
    await page.goto(`${base}/`);
    await chat.box.waitFor();
    const list = page.getByRole("navigation", { name: "Conversations" });
    if (!phone) {
      await page.keyboard.press("Control+b");
      await list.waitFor({ state: "detached" });
      await page.keyboard.press("Control+k");
      await list.waitFor();
      const focused = () =>
        page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "nothing");
      await waitUntil(
        async () => (await focused()) === "Search conversations",
        "the focus is not in the search",
      );
      return;
    }
    const drawer = page.getByRole("dialog", { name: "Conversations" });
    for (const close of [
      () => page.goBack(),
      () => page.keyboard.press("Escape"),
      () => drawer.getByRole("button", { name: "Close" }).click(),
    ]) {
      await page.getByRole("button", { name: "Show conversations" }).click();
      await drawer.waitFor();
      for (let at = 0; at < 12; at++) await page.keyboard.press("Tab");
      const inside = await page.evaluate(() => {
        const { activeElement } = document;
        return activeElement === document.body || activeElement?.closest("dialog") !== null;
      });
      check(inside, "the focus left the drawer");
      await close();
      await drawer.waitFor({ state: "hidden" });
      await waitUntil(() => page.url() === `${base}/`, `it went to ${page.url()}`);
    }
    await page.getByRole("button", { name: "Show conversations" }).click();
    await drawer.getByRole("link").first().click();
    await drawer.waitFor({ state: "hidden" });
    await page.waitForURL(/\/c\//);
    await page.goBack();
    await page.getByRole("heading", { name: /on your mind/ }).waitFor();
    check(!(await drawer.isVisible()), "back opened the drawer again");
  },

  "a thousand conversations": async ({ page, signUp, api, goto, chat, showSidebar }) => {
    await signUp();
    for (let at = 0; at < 1000; at += 50) {
      const names = Array.from({ length: 50 }, (_, more) => `Walk ${at + more}`);
      await Promise.all(names.map((name) => api("POST", "/projects/", { name })));
    }
    await goto("/");
    await showSidebar();
    await chat.rows.first().waitFor();
    await waitUntil(async () => {
      await chat.rows.last().scrollIntoViewIfNeeded();
      return (await chat.rows.count()) >= 1000;
    }, "they do not come while scrolling");
    await page.getByRole("searchbox").fill("Walk 777");
    await page.getByText("1 conversation", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Walk 777" }).click();
    await page.getByRole("heading", { level: 1, name: "Walk 777" }).waitFor();
  },
};
