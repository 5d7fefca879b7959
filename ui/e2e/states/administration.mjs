/** The states of those who run the server. */
import { check, waitUntil } from "../report.mjs";
import { password } from "../visit.mjs";
import { administrator, copiedLink, join } from "./door.mjs";

async function setPassword(page, link, words) {
  await page.goto(link);
  await page.getByLabel("New password").fill(words);
  await page.getByRole("button", { name: "Set password" }).click();
}

async function signIn(page, email, words) {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(words);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function choose(page, who, item) {
  await page.getByRole("button", { name: `Options for ${who}` }).click();
  await page.getByRole("menuitem", { name: item }).click();
}

const begun = (page) => page.getByRole("heading", { name: /on your mind/ }).waitFor();

export const administration = {
  "an account made, kept out, let in and deleted": async (visit) => {
    const { page, browser, email } = visit;
    const server = await administrator(visit);
    const eve = `eve-${email}`;
    await page.getByRole("button", { name: "Add somebody" }).click();
    const form = page.getByRole("region", { name: "People" });
    await form.getByLabel("Email").fill(eve);
    await form.getByLabel("Name", { exact: true }).fill("Eve");
    await page.getByRole("button", { name: "Create account" }).click();
    const link = await copiedLink(page);
    const guest = await (await browser.newContext()).newPage();
    await setPassword(guest, link, password);
    await guest.getByText("Your new password is set").waitFor();
    await signIn(guest, eve, password);
    await begun(guest);

    await choose(page, "Eve", "Deactivate");
    await page.getByText("Deactivated", { exact: true }).waitFor();
    await guest.getByText("Your session has ended").waitFor();
    await signIn(guest, eve, password);
    await guest.getByText("This account is deactivated.").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("Deactivated", { exact: true }).waitFor({ state: "detached" });
    await signIn(guest, eve, password);
    await begun(guest);

    await choose(page, "Eve", "Make an administrator");
    await page.getByText("Eve is an administrator").waitFor();
    await guest.goto(`${server.base}/settings`);
    await guest.getByRole("region", { name: "People" }).getByText(email, { exact: true }).waitFor();

    await choose(page, "Eve", "Delete…");
    await page.getByRole("button", { name: "Delete for good" }).click();
    await page.getByRole("button", { name: "Options for Eve" }).waitFor({ state: "detached" });
    await guest.getByRole("heading", { name: "Welcome back" }).waitFor();
    await guest.context().close();

    await page.reload();
    const log = page.getByRole("region", { name: "Audit log" });
    for (const told of [
      `${email} registered as an administrator, with an invitation`,
      `${email} made an account for ${eve}`,
      `${email} made a password link for ${eve}`,
      `${eve} set a new password by a link`,
      `${email} deactivated ${eve}`,
      `${email} activated ${eve} again`,
      `${email} made ${eve} an administrator`,
      `${email} deleted the account of ${eve}`,
    ]) {
      await log.getByText(told, { exact: true }).waitFor();
    }
    await log.scrollIntoViewIfNeeded();
  },

  "a forgotten password": async (visit) => {
    const { page, browser, email, expected } = visit;
    expected.push(/status of 403/);
    const server = await administrator(visit);
    await page.getByRole("button", { name: "Invite somebody" }).click();
    await page.getByRole("button", { name: "Create link" }).click();
    const guest = await (await browser.newContext()).newPage();
    await join(guest, await copiedLink(page), `eve-${email}`);
    await page.reload();
    await choose(page, `eve-${email}`, "New password link");
    const link = await copiedLink(page);
    // In the very browser where they are signed in.
    await setPassword(guest, link, "another quiet orchard");
    await guest.getByText("Your new password is set").waitFor();
    await signIn(guest, `eve-${email}`, "another quiet orchard");
    await begun(guest);
    await guest.context().close();
    await setPassword(page, link, "a third quiet orchard");
    await page.getByText("This link is not valid any more.").waitFor();
    check(!server.base.includes("#") && page.url().includes("#token="), "the link was lost");
  },

  "many people, searched": async (visit) => {
    const { page, api } = visit;
    await administrator(visit);
    for (let at = 0; at < 25; at++) {
      await api("POST", "/admin/users/", { email: `p${at}@example.org`, name: `Person ${at}` });
    }
    await page.reload();
    const people = page.getByRole("region", { name: "People" });
    await people.getByText("Person 24").waitFor();
    check((await people.getByText("Person 2", { exact: true }).count()) === 0, "all at once");
    await people.getByRole("button", { name: "Show more" }).click();
    await people.getByText("Person 2", { exact: true }).waitFor();
    await people.getByLabel("Search people").fill("person 17");
    await waitUntil(
      async () => (await people.getByRole("listitem").count()) === 1,
      "others are found too",
    );
    await people.getByLabel("Search people").fill("nobody");
    await people.getByText("Nobody is called “nobody”.").waitFor();
  },
};
