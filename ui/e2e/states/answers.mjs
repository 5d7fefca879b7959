/** The states of a question and its answer, as long as everything goes well. */
import { chatView } from "../chat-view.mjs";
import { check, waitUntil } from "../report.mjs";

export const answers = {
  "the first question, and streaming": async ({ page, begin, chat }) => {
    await begin();
    await chat.ask("steady: how does a bridge stand?");
    await chat.questions.getByText("how does a bridge stand?").waitFor();
    await page.locator("article[aria-busy=true]").waitFor();
    await chat.written();
    const early = (await chat.answerText()).length;
    await waitUntil(
      async () => (await chat.answerText()).length > early + 400,
      "the answer does not grow",
    );
    check(await chat.stop.isVisible(), "no stop button while the answer is written");
    const foot = await chat.answers.last().boundingBox();
    const box = await chat.box.boundingBox();
    check(foot.y + foot.height < box.y + 40, "the newest words are not followed");
    await waitUntil(
      async () => (await page.locator("h1").innerText()) === "how does a bridge stand",
      "the generated name does not appear by itself",
    );
  },

  "reasoning, folded with its time": async ({ page, begin, chat }) => {
    await begin();
    await chat.ask("ponder: why does it stand?");
    await page.getByText(/^Thinking/).waitFor();
    await page.getByText(/^Thought for/).waitFor();
    await chat.over();
    const thoughts = chat.answers.last().getByText("Let me see.");
    check(!(await thoughts.isVisible()), "the thoughts are not folded");
    await page.getByText(/^Thought for \d/).click();
    await thoughts.waitFor();
    await page.reload();
    await page.getByText(/^Thought for \d/).waitFor();
  },

  queued: async ({ page, start, provider, visitAt, begin, chat, newTab }) => {
    visitAt(await start({ ...provider.env, LOQUAT_MAX_LIVE_ANSWERS: "1" }));
    await begin();
    await chat.ask("slow: the first in the queue");
    await chat.written(5);
    const tab = await newTab();
    const second = chatView(tab);
    await second.ask("short: and the second?");
    await tab.getByText("Waiting for a free place: number 1 in the queue.").waitFor();
    await page.bringToFront();
    await chat.stop.click();
    await chat.over();
    await tab.bringToFront();
    await second.answers.getByText("A short answer, as asked.").waitFor();
    check((await tab.getByText("Waiting for a free place").count()) === 0, "it still waits");
  },

  "too many answers at once": async ({ page, begin, chat, newTab, expected }) => {
    expected.push(/status of 429/);
    await begin();
    await chat.ask("slow: one");
    const second = chatView(await newTab());
    await second.ask("slow: two");
    const third = await newTab();
    const { box, send } = chatView(third);
    await box.fill("slow: three");
    await send.click();
    await third.getByText("As many of your answers are being written").waitFor();
    check((await box.inputValue()) === "slow: three", "the question is not given back");
    await page.close();
  },

  stopped: async ({ page, begin, chat }) => {
    await begin();
    await chat.ask("steady: how does a bridge stand?");
    await chat.written();
    await chat.stop.click();
    await page.getByText("Stopped", { exact: true }).waitFor();
    const kept = await chat.answerText();
    await page.reload();
    await page.getByText("Stopped", { exact: true }).waitFor();
    check((await chat.answerText()).slice(0, 20) === kept.slice(0, 20), "the stopped text is gone");
    await page.getByRole("button", { name: "Continue" }).click();
    await chat.over();
    await chat.answers.getByText("Akashi Kaikyō").waitFor();
  },

  "regenerated, with branches": async ({ page, begin, chat }) => {
    await begin();
    await chat.askAndWait("short: once");
    await chat.answers.last().hover();
    await chat.answers.last().getByRole("button", { name: "Regenerate" }).click();
    await chat.answers.getByText("Version 2 of 2").waitFor({ state: "attached" });
    await chat.over();
    await page.getByRole("button", { name: "Previous version" }).click();
    await chat.answers.getByText("Version 1 of 2").waitFor({ state: "attached" });
  },

  edited: async ({ page, begin, chat }) => {
    await begin();
    await chat.askAndWait("short: once");
    await chat.questions.last().hover();
    await page.getByRole("button", { name: "More for this message" }).first().click();
    await page.getByRole("menuitem", { name: "Edit" }).click();
    const words = page.getByRole("textbox", { name: "Your message in other words" });
    await words.fill("short: in other words");
    await page.getByRole("button", { name: "Save and send" }).click();
    await words.waitFor({ state: "detached" });
    await chat.questions.getByText("Version 2 of 2").waitFor({ state: "attached" });
    await chat.over();
    await chat.questions.getByText("short: in other words").waitFor();
  },

  "facts about an answer": async ({ page, begin, chat }) => {
    await begin();
    await chat.askAndWait("whole: how does a bridge stand?");
    await chat.answers.last().hover();
    await page.getByRole("button", { name: "About this answer" }).click();
    await page.getByText("First word after").waitFor();
    await page.getByText("Words a second").waitFor();
  },
};
