/** Where things are on the page, by the names that people and screen readers know them by. */
import { waitUntil } from "./report.mjs";

export function chatView(page) {
  const article = (title) =>
    page
      .locator("article")
      .filter({ has: page.getByRole("heading", { name: title, exact: true }) });
  const view = {
    box: page.getByRole("textbox", { name: "Message", exact: true }),
    stop: page.getByRole("button", { name: "Stop", exact: true }),
    send: page.getByRole("button", { name: "Send", exact: true }),
    answers: article("Answer"),
    questions: article("You asked"),
    /** An answer that is expected, or being written. */
    busy: page.locator("article[aria-busy]"),
    rows: page.getByRole("navigation", { name: "Conversations" }).getByRole("listitem"),
    answerText: async () => (await view.answers.last().innerText()).trim(),
    /** The answer has reached its end, and the next question can be asked. */
    over: async () => {
      await view.stop.waitFor({ state: "detached", timeout: 120_000 });
      await view.busy.first().waitFor({ state: "detached" });
      await view.stop.waitFor({ state: "detached" });
    },
    /** At least this much of the last answer is there. */
    written: (length = 20) =>
      waitUntil(
        async () => (await view.answers.count()) > 0 && (await view.answerText()).length > length,
        `the answer has fewer than ${length} characters`,
      ),
    /** On a phone Enter is a new line, so the button is what everybody has. */
    async ask(text) {
      await view.box.fill(text);
      await view.send.click();
      await page.waitForURL(/\/c\/[\w-]+$/);
    },
    askAndWait: async (text) => {
      await view.ask(text);
      await view.answers.last().waitFor();
      await view.over();
    },
  };
  return view;
}

/** Nothing makes the page itself wider than the screen. */
export function overflow(page) {
  return page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
}
