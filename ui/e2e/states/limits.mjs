/** The states of limits: set by those who run the server, and met by everybody else. */
import { check, waitUntil } from "../report.mjs";
import { administrator } from "./door.mjs";

const region = (page) => page.getByRole("region", { name: "Limits" });
const row = (page, title) => region(page).getByRole("listitem").filter({ hasText: title });

async function changeLimit(page, title, value) {
  await page.getByRole("button", { name: `Change: ${title}` }).click();
  const dialog = page.getByRole("dialog", { name: title });
  const field = dialog.getByLabel(/^At most/);
  await waitUntil(
    () => field.evaluate((input) => input === document.activeElement),
    "the field is not where one types",
  );
  await dialog.getByLabel(/^At most/).fill(value);
  await dialog.getByRole("button", { name: "Save" }).click();
  return dialog;
}

export const limits = {
  "limits, set and taken back": async (visit) => {
    const { page, email } = visit;
    await administrator(visit);
    const turns = row(page, "Questions a minute");
    await turns.getByText("60", { exact: true }).waitFor();
    let dialog = await changeLimit(page, "Questions a minute", "5");
    await dialog.waitFor({ state: "detached" });
    await turns.getByText("As started: 60").waitFor();
    dialog = await changeLimit(page, "Storage of one person", "0.5");
    const range = /^Give a number from 1 to [\d,]+, or 0 for no limit\.$/;
    await dialog.getByText(range).waitFor();
    await dialog.getByLabel(/^At most/).fill("a lot");
    await dialog.getByText(range).waitFor({ state: "detached" });
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText(range).waitFor();
    await dialog.getByLabel(/^At most/).fill("512");
    await dialog.getByRole("button", { name: "Save" }).click();
    await row(page, "Storage of one person").getByText("512 MB").waitFor();
    await page.getByText(/of 512 MB stored/).waitFor();
    await page.reload();
    await turns.getByText("As started: 60").waitFor();
    await page.getByRole("button", { name: "Change: Questions a minute" }).click();
    await page.getByRole("button", { name: "Back to 60, as started" }).click();
    await turns.getByText("As started: 60").waitFor({ state: "detached" });
    const log = page.getByRole("region", { name: "Audit log" });
    for (const told of [
      `${email} changed the limit “Questions a minute” from 60 to 5`,
      `${email} changed the limit “Storage of one person” from 1 GB to 512 MB`,
      `${email} took the limit “Questions a minute” back from 5 to 60, as started`,
    ]) {
      await log.getByText(told, { exact: true }).waitFor();
    }
    await region(page).scrollIntoViewIfNeeded();
  },

  "no room left, and room again": async (visit) => {
    const { page, chat, provider, start, visitAt, begin, goto, api, expected } = visit;
    expected.push(/status of 409/);
    visitAt(await start({ ...provider.env, LOQUAT_STORAGE_PER_PERSON: "300" }));
    await begin();
    await chat.askAndWait(`short: ${"a long question ".repeat(14)}`);
    const question = "short: is there room for this?";
    await chat.ask(question);
    await page.getByText("You have stored as much as one person may here.").waitFor();
    check((await chat.box.inputValue()) === question, "the question is gone");
    await goto("/settings");
    await page.getByText("There is little room left.").waitFor();
    const { items } = await api("GET", "/projects/");
    for (const { id } of items) await api("DELETE", `/projects/${id}`);
    await goto("/");
    await chat.askAndWait("short: and now?");
    check((await chat.answers.count()) === 1, "there is still no room");
  },

  "a conversation that is full": async (visit) => {
    const { page, chat, provider, start, visitAt, begin, expected } = visit;
    expected.push(/status of 409/);
    visitAt(await start({ ...provider.env, LOQUAT_MAX_MESSAGES_PER_CONVERSATION: "2" }));
    await begin();
    await chat.askAndWait("short: once");
    await chat.ask("short: twice");
    await page.getByText("This conversation has as many messages").waitFor();
    await waitUntil(async () => (await chat.box.inputValue()) === "short: twice", "it is gone");
  },
};
