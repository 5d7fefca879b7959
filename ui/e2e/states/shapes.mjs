/** The states of an answer by what is in it, and of a conversation by its length. */
import { overflow } from "../chat-view.mjs";
import { check, waitUntil } from "../report.mjs";

async function answered({ begin, chat }, question) {
  await begin();
  await chat.askAndWait(question);
}

async function fits(page) {
  const beyond = await overflow(page);
  check(beyond <= 0, `the page is ${beyond} px too wide`);
}

export const shapes = {
  code: async (visit) => {
    const { page, context, base } = visit;
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: base });
    await answered(visit, "whole: the bridge in code");
    const block = page.locator("pre").first();
    await block.locator("[class^=syntax-]").first().waitFor();
    await waitUntil(async () => {
      await page.getByRole("button", { name: "Copy code" }).first().click();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      return copied.startsWith("def horizontal_pull(");
    }, "the code is not in the clipboard");
    await fits(page);
  },

  "a wide table": async (visit) => {
    const { page } = visit;
    await answered(visit, "wide: every bridge");
    await fits(page);
    const scrolls = await page.locator("table").evaluate((table) => {
      const { scrollWidth, clientWidth } = table.parentElement;
      return scrollWidth > clientWidth;
    });
    check(scrolls, "the table does not scroll by itself");
  },

  maths: async (visit) => {
    const { page, chat } = visit;
    await answered(visit, "maths: the sum of the first numbers");
    await page.locator(".katex").first().waitFor();
    await waitUntil(
      async () => (await page.locator(".katex").count()) >= 3,
      "a formula stays in its source",
    );
    check((await chat.answerText()).includes("$5 or $6"), "a price became a formula");
    await fits(page);
  },

  "a diagram, and a picture that does not load by itself": async (visit) => {
    const { page, chat } = visit;
    await answered(visit, "diagram: how the load travels");
    await chat.answers.getByText("The towers in fog").waitFor();
    await page.getByRole("link", { name: "Open image at example.org" }).waitFor();
    const diagrams = page.getByRole("img", { name: "A diagram, whose source can be shown" });
    await waitUntil(async () => (await diagrams.count()) === 2, "the diagrams are not drawn");
    const drawn = await diagrams.evaluateAll((images) =>
      images.map(({ naturalWidth, width, height }) => ({ naturalWidth, width, height })),
    );
    check(
      drawn.every(({ naturalWidth, width, height }) => naturalWidth && width > 150 && height > 40),
      `these are the diagrams: ${JSON.stringify(drawn)}`,
    );
    await page.getByText("This cannot be drawn. Here is its source.").waitFor();
    await page.getByRole("button", { name: "Show the source" }).first().click();
    check((await chat.answerText()).includes("Lorry"), "the source is not there");
    await page.getByRole("button", { name: "Show as a diagram" }).click();
    await waitUntil(async () => (await diagrams.count()) === 2, "the diagram does not come back");
    await fits(page);
  },

  "right to left": async (visit) => {
    const { page } = visit;
    await answered(visit, "arabic: الجسر المعلق");
    const direction = (of) =>
      page
        .locator(of)
        .first()
        .evaluate((el) => getComputedStyle(el).direction);
    check((await direction("article li")) === "rtl", "the text runs from left to right");
    check((await direction("article code")) === "ltr", "the code runs from right to left");
    await fits(page);
  },

  "a very long answer": async (visit) => {
    const { page, chat } = visit;
    await answered(visit, "flood: everything about bridges");
    const headings = page.locator("article h3, article h4");
    check((await headings.count()) >= 120, `only ${await headings.count()} headings`);
    await page.locator("article").last().hover();
    await page.mouse.wheel(0, -3000);
    const down = page.getByRole("button", { name: "Back to the latest words" });
    await down.click();
    await down.waitFor({ state: "detached" });
    await chat.answers.last().getByRole("button", { name: "Copy answer" }).waitFor();
    await fits(page);
  },

  "a very long conversation": async (visit) => {
    const { page, chat, provider, start, visitAt, signUp, api, goto } = visit;
    visitAt(await start({ ...provider.env, LOQUAT_MAX_TURNS_PER_MINUTE: "1000" }));
    await signUp();
    const { id } = await api("POST", "/projects/", { name: "A long walk" });
    const turns = 60;
    for (let at = 1; at <= turns; at++) {
      const content = encodeURIComponent(`arabic: step ${at}`);
      await page.request.get(`${visit.base}/api/projects/${id}/messages/stream?content=${content}`);
    }
    await goto(`/c/${id}`);
    const at = (number) => chat.questions.getByText(`arabic: step ${number}`, { exact: true });
    await at(turns).waitFor();
    await waitUntil(
      () => page.getByRole("button", { name: "Copy answer" }).last().isVisible(),
      "it does not open at its end",
    );
    // What the browser itself finds on the page, in messages that are not on screen.
    const found = (text) => page.evaluate((wanted) => window.find(wanted, true, true, true), text);
    check(await found(`arabic: step ${turns - 12}`), "find-in-page does not see twelve turns back");
    // Not loaded yet: its words come when there is time, and lead to it as a click on a hit does.
    await waitUntil(() => found("arabic: step 3"), "find-in-page does not see the first turns");
    const bring = (text) =>
      page.evaluate((wanted) => {
        const words = [...document.querySelectorAll("[data-words-of]")];
        const match = words.find(({ textContent }) => textContent === wanted);
        match.dispatchEvent(new Event("beforematch", { bubbles: true }));
      }, text);
    const isOnScreen = async (number) => {
      const box = await at(number).boundingBox();
      return box !== null && box.y > 0 && box.y < 400;
    };
    await bring("arabic: step 3");
    await at(3).waitFor();
    await waitUntil(() => isOnScreen(3), "what was found is not on screen");
    // The long list has taken the end out of the page meanwhile.
    await waitUntil(() => found(`arabic: step ${turns}`), "find-in-page does not see the end now");
    await bring(`arabic: step ${turns - 1}`);
    await at(turns - 1).waitFor();
    await waitUntil(() => isOnScreen(turns - 1), "the end is not brought on screen");
    await at(turns).scrollIntoViewIfNeeded();
    await at(turns).hover();
    await waitUntil(async () => {
      await page.mouse.wheel(0, -4000);
      return (await at(1).count()) > 0 && (await at(1).isVisible());
    }, "the first question cannot be reached");
    await fits(page);
  },

  "a phone with its keyboard open": async (visit) => {
    const { page, chat } = visit;
    await answered(visit, "whole: how does a bridge stand?");
    const { width } = page.viewportSize();
    await chat.box.click();
    await page.setViewportSize({ width, height: 400 });
    await chat.box.fill("and a second question that is typed now");
    await waitUntil(async () => {
      const box = await chat.send.boundingBox();
      return box.y >= 0 && box.y + box.height <= 400;
    }, "the box is below the keyboard");
    const last = await chat.answers.last().boundingBox();
    check(last.y + last.height > 60, "nothing of the answer is left on screen");
    await fits(page);
  },
};
