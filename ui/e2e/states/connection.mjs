/** The states of a page whose server, network or neighbour tab does something. */
import { chatView } from "../chat-view.mjs";
import { check, waitUntil } from "../report.mjs";
import { layLine } from "../unreliable-line.mjs";

/** How Chromium says that nothing answers. */
const noAnswer = [/net::ERR_/, /WebSocket connection to/];

/**
 * Shows only some of the models that the executable offers. Its demonstration is always among them, and whatever
 * else runs on this machine may be.
 */
export const showModels = (page, wanted) =>
  page.route("**/api/models/", async (route) => {
    const response = await route.fetch();
    const { items } = await response.json();
    await route.fulfill({ response, json: { items: items.filter(wanted), next_cursor: null } });
  });

const notSentYet = (page) => page.getByText("Not sent yet: it goes out by itself");

async function goOffline({ page, context, expected }) {
  expected.push(...noAnswer);
  const isOffline = async () => {
    await context.setOffline(false);
    await context.setOffline(true);
    return page.evaluate(() => !navigator.onLine);
  };
  await waitUntil(isOffline, "the browser did not take its network away");
}

/** Questions do not get through, or what `through` makes of them does not come back. */
async function holdQuestions(page, through = async () => {}) {
  const pattern = "**/api/projects/*/messages";
  const waiting = [];
  await page.route(pattern, async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    await through(route);
    waiting.push(route);
  });
  return {
    held: () => waitUntil(async () => waiting.length > 0, "nothing was asked"),
    /** Lets them go on, unless their page is gone. */
    release: async () => {
      await page.unroute(pattern);
      await Promise.all(waiting.map((route) => route.continue().catch(() => {})));
    },
  };
}

export const connection = {
  "cut off and recovering": async (visit) => {
    const { page, server, chat, begin, visitAt, expected, api } = visit;
    expected.push(...noAnswer);
    const line = await layLine(server.port);
    try {
      visitAt(line);
      await begin();
      await chat.ask("steady: how does a bridge stand?");
      await chat.written();
      line.cut();
      await page.getByText("The connection was lost; the answer is safe.").waitFor();
      const kept = await chat.answerText();
      check(kept.length > 20, "the words that were there are gone");
      line.mend();
      await page.getByText("The connection was lost").waitFor({ state: "detached" });
      await chat.over();
      const id = page.url().split("/").at(-1);
      const { items } = await api("GET", `/projects/${id}/messages`);
      check(items.at(-1).status === "complete", "the server lost the answer");
      await chat.answers.getByText("Akashi Kaikyō").waitFor();
      const found = await chat.answers
        .getByRole("heading", { name: "Where the load goes" })
        .count();
      check(found === 1, `a heading is there ${found} times`);
    } finally {
      line.close();
    }
  },

  "an update while the page was open": async (visit) => {
    const { page, chat, begin, expected } = visit;
    // The files of the build that the page came from are not there any more.
    expected.push(
      /Failed to load resource: .* 404/,
      /Failed to fetch dynamically imported module|Unable to preload CSS/,
    );
    await page.route("**/assets/*settings*", (route) => route.fulfill({ status: 404, body: "" }));
    await begin();
    await chat.box.fill("half a question");
    await page.getByRole("button", { name: "Settings of this conversation" }).click();
    await page.getByText("This could not be shown. Loquat may have been updated").waitFor();
    await page.goto(`${new URL(page.url()).origin}/settings`);
    await page.getByText("This part of the page could not be shown.").waitFor();
    await page.unroute("**/assets/*settings*");
    await page.getByRole("button", { name: "Reload the page" }).click();
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    await page.goBack();
    check((await chat.box.inputValue()) === "half a question", "the draft is gone");
  },

  "interrupted, with Continue": async (visit) => {
    const { page, start, provider, chat, begin, visitAt, expected } = visit;
    expected.push(...noAnswer);
    const server = await start(provider.env);
    visitAt(server);
    await begin();
    await chat.ask("interrupt: how does a bridge stand?");
    await chat.written(100);
    await page.waitForTimeout(1200);
    await server.kill();
    await page.getByText("The connection was lost; the answer is safe.").waitFor();
    await server.restart();
    await page.getByText("Interrupted. The server stopped").waitFor({ timeout: 40_000 });
    check((await chat.answerText()).length > 80, "the words that were there are gone");
    await page.getByRole("button", { name: "Continue" }).click();
    await chat.over();
    await chat.answers.getByText("Akashi Kaikyō").waitFor();
    check((await page.getByText("Interrupted.").count()) === 0, "it is still interrupted");
  },

  offline: async (visit) => {
    const { page, context, begin, chat } = visit;
    await begin();
    await chat.askAndWait("short: before the tunnel");
    await goOffline(visit);
    await page.getByText("You are offline.").waitFor();
    await chat.box.fill("short: from the tunnel");
    await chat.send.click();
    await page.getByText("Not sent yet: it goes out by itself").waitFor();
    await context.setOffline(false);
    await waitUntil(async () => (await chat.answers.count()) === 2, "it did not go out");
    await chat.over();
    await waitUntil(
      async () => (await chat.answers.getByText("A short answer, as asked.").count()) === 2,
      "the question was not answered",
    );
  },

  "written on while the first question waits": async (visit) => {
    const { page, context, begin, chat } = visit;
    await begin();
    await goOffline(visit);
    await chat.box.fill("short: from the tunnel");
    await chat.send.click();
    await notSentYet(page).waitFor();
    await chat.box.fill("the next thought");
    await context.setOffline(false);
    await page.waitForURL(/\/c\/[\w-]+$/);
    await chat.over();
    check((await chat.box.inputValue()) === "the next thought", "the next thought is gone");
  },

  "gone elsewhere and back while a question waits": async (visit) => {
    const { page, context, begin, chat, api, showSidebar, phone } = visit;
    await begin();
    const { id } = await api("POST", "/projects/", { name: "Elsewhere" });
    await chat.askAndWait("short: before the tunnel");
    const here = new URL(page.url()).pathname;
    const goTo = async (path) => {
      await showSidebar();
      await page.locator(`nav a[href="${path}"]`).click();
      await page.waitForURL((url) => url.pathname === path);
      if (phone) await page.getByRole("dialog").waitFor({ state: "detached" });
    };
    await goTo(`/c/${id}`);
    await goTo(here);
    await goOffline(visit);
    await chat.box.fill("short: from the tunnel");
    await chat.send.click();
    await notSentYet(page).waitFor();
    await chat.box.fill("and then");
    await goTo(`/c/${id}`);
    await goTo(here);
    await notSentYet(page).waitFor();
    check((await chat.box.inputValue()) === "and then", "the question is in the box as well");
    await context.setOffline(false);
    await waitUntil(async () => (await chat.answers.count()) === 2, "it did not go out");
    await chat.over();
    check((await chat.questions.count()) === 2, "it was asked twice");
    check((await chat.box.inputValue()) === "and then", "what is in the box has changed");
  },

  "gone elsewhere while a conversation begins": async (visit) => {
    const { page, begin, chat, api, showSidebar } = visit;
    await begin();
    const { id } = await api("POST", "/projects/", { name: "Elsewhere" });
    const line = await holdQuestions(page);
    await chat.box.fill("short: a slow line");
    await chat.send.click();
    await line.held();
    await showSidebar();
    await page.locator(`nav a[href="/c/${id}"]`).click();
    await page.waitForURL(`**/c/${id}`);
    const answered = page.waitForResponse("**/messages");
    await line.release();
    await answered;
    await page.waitForTimeout(500);
    check(page.url().endsWith(id), "the reader was taken to another conversation");
    check((await chat.box.inputValue()) === "", "something is in the box");
    await showSidebar();
    await waitUntil(async () => (await chat.rows.count()) === 2, "it is not in the list");
  },

  "reloaded before the first question is taken": async (visit) => {
    const { page, begin, chat, api } = visit;
    await begin();
    const line = await holdQuestions(page);
    await chat.box.fill("short: a slow line");
    await chat.send.click();
    await line.held();
    await chat.box.fill("and then");
    await page.reload();
    await waitUntil(
      async () => (await chat.box.inputValue()) === "short: a slow line\n\nand then",
      "what was sent is not in the box",
    );
    await page.reload();
    await line.release();
    await chat.box.waitFor();
    check((await chat.box.inputValue()).endsWith("and then"), "it is gone after another reload");
    await chat.box.fill("short: a slow line");
    await chat.send.click();
    await page.waitForURL(/\/c\/[\w-]+$/);
    await chat.over();
    const { items } = await api("GET", "/projects/");
    check(items.length === 2, `there are ${items.length} conversations`);
  },

  "reloaded before the first question is answered for": async (visit) => {
    const { page, begin, chat, api } = visit;
    await begin();
    const line = await holdQuestions(page, (route) => route.fetch());
    await chat.box.fill("short: a slow line");
    await chat.send.click();
    await line.held();
    await page.reload();
    await line.release();
    await waitUntil(
      async () => (await chat.box.inputValue()) === "short: a slow line",
      "what was sent is not in the box",
    );
    await chat.send.click();
    await page.waitForURL(/\/c\/[\w-]+$/);
    await chat.over();
    check((await chat.questions.count()) === 1, "it was asked twice");
    const { items } = await api("GET", "/projects/");
    check(items.length === 1, `there are ${items.length} conversations`);
  },

  "another tab renames": async ({ page, begin, chat, newTab, api }) => {
    await begin();
    await chat.askAndWait("short: a name");
    const tab = await newTab(new URL(page.url()).pathname);
    await tab.locator("h1").waitFor();
    await api("PATCH", `/projects/${page.url().split("/").at(-1)}`, { name: "Bridges" });
    for (const each of [page, tab]) {
      await waitUntil(
        async () => (await each.locator("h1").innerText()) === "Bridges",
        "a tab keeps the old name",
      );
    }
  },

  "another tab answers": async ({ page, begin, chat, newTab }) => {
    await begin();
    await chat.askAndWait("short: one");
    const tab = await newTab(new URL(page.url()).pathname);
    const other = chatView(tab);
    await other.ask("steady: how does a bridge stand?");
    await page.bringToFront();
    await page.getByText("steady: how does a bridge stand?").waitFor();
    await chat.written(100);
    await chat.stop.click();
    await tab.bringToFront();
    await tab.getByText("Stopped", { exact: true }).waitFor();
  },

  "a conversation that is gone": async ({ page, signUp, goto, expected }) => {
    expected.push(/status of 404/);
    await signUp();
    await goto("/c/01900000-0000-7000-8000-000000000000");
    await page.getByRole("heading", { name: "This conversation does not exist." }).waitFor();
    await page.getByRole("link", { name: "Begin a new chat" }).click();
    await page.getByRole("heading", { name: /on your mind/ }).waitFor();
  },

  "only the demonstration, with what to do": async ({ page, begin }) => {
    await showModels(page, ({ built_in }) => built_in);
    await begin();
    await page.locator("form").getByRole("button", { name: /model/i }).click();
    await page.getByText("An administrator adds real models in the settings.").waitFor();
  },

  "no models at all": async ({ page, begin, chat }) => {
    await showModels(page, () => false);
    await begin();
    await page.getByText("There is no model to ask yet.").waitFor();
    await page.getByText("Whoever runs this server has to set one up.").waitFor();
    check(await chat.box.isEditable(), "nothing can be written");
  },
};
