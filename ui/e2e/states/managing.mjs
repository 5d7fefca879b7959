/** The states around the conversation: the list, the models, the settings. */
import { check, waitUntil } from "../report.mjs";

export const managing = {
  "the list: rename, delete, undo": async (visit) => {
    const { page, begin, chat, showSidebar } = visit;
    await begin();
    await chat.askAndWait("short: the list");
    await showSidebar();
    const options = chat.rows.first().getByRole("button", { name: /^Options for/ });
    await chat.rows.first().hover();
    await options.click();
    await page.getByRole("menuitem", { name: "Rename" }).click();
    await page.getByRole("textbox", { name: "New name" }).fill("Orchard");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Orchard" }).waitFor();
    await chat.rows.first().hover();
    await options.click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Undo" }).click();
    await waitUntil(
      async () => (await page.locator("h1").innerText()) === "Orchard",
      "it did not come back",
    );
  },

  "a pin, and a search that opens the message": async (visit) => {
    const { page, signUp, api, base, goto, chat, showSidebar } = visit;
    await signUp();
    const { id } = await api("POST", "/projects/", { name: "Orchard" });
    for (const content of ["short: the pomegranate", ...Array(12).fill("arabic: more")]) {
      const query = new URLSearchParams({ content });
      await page.request.get(`${base}/api/projects/${id}/messages/stream?${query}`);
    }
    await goto("/");
    await showSidebar();
    await chat.rows.first().hover();
    await page.getByRole("button", { name: "Options for Orchard" }).click();
    await page.getByRole("menuitem", { name: "Pin" }).click();
    await page.getByText("Pinned", { exact: true }).waitFor();
    await page.getByRole("searchbox").fill("pomegranate");
    await page.getByText("1 conversation", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Orchard" }).click();
    const question = chat.questions.getByText("short: the pomegranate");
    await question.waitFor();
    await page.waitForTimeout(300);
    const { y } = await question.boundingBox();
    check(y > 0 && y < 400, `the message that was found stands at ${y}`);
    await page.getByText("Skip to the message box").focus();
    await page.keyboard.press("Enter");
    check(await question.isVisible(), "the way to the box loses the place");
  },

  "a hit in a version that is not shown": async (visit) => {
    const { page, signUp, api, goto, chat, showSidebar } = visit;
    await signUp();
    const { id } = await api("POST", "/projects/", { name: "Orchard" });
    const asked = (content) => ({ content });
    const { user_message: first } = await api(
      "POST",
      `/projects/${id}/messages`,
      asked("short: the pomegranate"),
    );
    await goto(`/c/${id}`);
    await chat.over();
    await api("PATCH", `/projects/${id}/messages/${first.id}`, asked("short: the mango"));
    await goto("/");
    await showSidebar();
    await page.getByRole("searchbox").fill("pomegranate");
    await page.getByText("1 conversation", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Orchard" }).click();
    await chat.questions.getByText("short: the pomegranate").waitFor();
    await page.getByText("Version 1 of 2").first().waitFor({ state: "attached" });
  },

  "a page of the list that cannot be loaded": async (visit) => {
    const { page, signUp, api, goto, showSidebar, expected } = visit;
    expected.push(/status of 503/);
    await signUp();
    for (let at = 0; at < 55; at++) await api("POST", "/projects/", { name: `Tree ${at}` });
    let asked = 0;
    await page.route(/projects\/\?.*cursor=/, async (route) => {
      asked++;
      const problem = { title: "", status: 503, code: "busy", detail: "", request_id: "" };
      await route.fulfill({ status: 503, contentType: "application/json", json: problem });
    });
    await goto("/");
    await showSidebar();
    const last = page.getByText("Tree 5", { exact: true });
    await last.scrollIntoViewIfNeeded();
    const words = page.getByText("The rest could not be loaded.");
    await words.waitFor();
    await page.waitForTimeout(500);
    check(asked < 4, `it was asked for ${asked} times`);
    await page.unroute(/projects\/\?.*cursor=/);
    await page.getByRole("navigation").getByRole("button", { name: "Try again" }).click();
    await page.getByText("Tree 0", { exact: true }).waitFor();
    await words.waitFor({ state: "detached" });
  },

  "a hit one has read on from": async (visit) => {
    const { page, phone, signUp, api, base, goto, chat, showSidebar } = visit;
    await signUp();
    const { id } = await api("POST", "/projects/", { name: "Orchard" });
    for (const content of ["short: the pomegranate", ...Array(20).fill("short: more")]) {
      const query = new URLSearchParams({ content });
      await page.request.get(`${base}/api/projects/${id}/messages/stream?${query}`);
    }
    await goto("/");
    await showSidebar();
    await page.getByRole("searchbox").fill("pomegranate");
    await page.getByText("1 conversation", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Orchard" }).click();
    const question = chat.questions.getByText("short: the pomegranate");
    await question.waitFor();
    await page.waitForURL(/#message-/);
    const address = page.url();
    // So long the message is kept in its place while the page settles.
    await page.waitForTimeout(2200);
    await question.evaluate((element) => {
      let scroller = element;
      while (!/auto|scroll/.test(getComputedStyle(scroller).overflowY)) {
        scroller = scroller.parentElement;
      }
      scroller.scrollTop += 700;
    });
    const place = async () => (await question.boundingBox())?.y ?? Number.NaN;
    let before = await place();
    await question.evaluate((element) => {
      element.dataset.same = "";
    });
    check(before < -300, `the hit still stands at ${before}`);
    const stays = async (after, nearly = 2) => {
      await waitUntil(
        async () => Math.abs((await place()) - before) < nearly,
        `after ${after} the hit stands at ${await place()}, not at ${before}`,
      );
      check(page.url() === address, `after ${after} the address is ${page.url()}`);
    };
    if (phone) {
      await page.getByRole("button", { name: "Show conversations" }).click();
      await page.getByRole("dialog", { name: "Conversations" }).waitFor();
      check(page.url() === address, `under the drawer the address is ${page.url()}`);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog", { name: "Conversations" }).waitFor({ state: "hidden" });
      await stays("the drawer");
      check((await page.locator("[data-same]").count()) === 1, "the chat was made anew");
    }
    await page.reload();
    await question.waitFor();
    // A browser that only plays a phone is a desktop in the moment it leaves, with other heights.
    await stays("a reload", phone ? 120 : 2);
    before = await place();
    await page.keyboard.press("Control+,");
    await page.getByRole("heading", { name: "Settings", level: 1 }).waitFor();
    await page.getByRole("button", { name: "Back" }).click();
    await question.waitFor();
    await stays("the settings");
  },

  "the focus, when what has it goes away": async (visit) => {
    const { page, phone, begin, chat, showSidebar, api } = visit;
    await begin();
    await chat.askAndWait("short: the focus");
    await chat.askAndWait("short: and more");
    const focused = (selector) => async () =>
      page.evaluate((wanted) => Boolean(document.activeElement?.matches(wanted)), selector);
    const asked = chat.questions.last();
    await asked.hover();
    if (phone) {
      await asked.getByRole("button", { name: "More for this message" }).click();
      await page.getByRole("menuitem", { name: "Edit" }).click();
    } else {
      await asked.getByRole("button", { name: "Edit" }).click();
    }
    await page.getByRole("button", { name: "Cancel" }).click();
    await waitUntil(
      focused(phone ? 'button[aria-label="More for this message"]' : 'button[aria-label="Edit"]'),
      "not on what opened the edit box",
    );
    await asked.getByRole("button", { name: "More for this message" }).click();
    await page.getByRole("menuitem", { name: "Delete…" }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await waitUntil(async () => (await chat.questions.count()) === 1, "it is still there");
    if (!phone) await waitUntil(focused("#composer"), "not in the message box");
    await api("POST", "/projects/", { name: "Orchard" });
    await page.reload();
    await chat.box.waitFor();
    await showSidebar();
    const row = chat.rows.filter({ hasText: "Orchard" });
    await row.hover();
    await row.getByRole("button", { name: /^Options for/ }).click();
    await page.getByRole("menuitem", { name: "Pin" }).click();
    await page.getByText("Pinned", { exact: true }).waitFor();
    await waitUntil(focused('a[title="Orchard"]'), "not in the row that was pinned");
    // Clicking beside a name that is being written is going away from it.
    if (phone) return;
    await row.hover();
    await row.getByRole("button", { name: /^Options for/ }).click();
    await page.getByRole("menuitem", { name: "Rename" }).click();
    await page.getByRole("textbox", { name: "New name" }).fill("Garden");
    await chat.box.click();
    await page.getByRole("link", { name: "Garden" }).waitFor();
    check(await focused("#composer")(), "the sidebar took the focus back");
  },

  "the model picker": async ({ page, begin, chat, provider }) => {
    await begin();
    await page.getByRole("button", { name: "Model: bridge-builder" }).click();
    await page.getByRole("combobox").fill("hous");
    await page.getByRole("option", { name: "house-builder" }).waitFor();
    check((await page.getByRole("option").count()) === 1, "the search narrows nothing");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Model: house-builder" }).waitFor();
    const before = provider.calls.length;
    await chat.askAndWait("short: who are you?");
    const asked = provider.calls
      .slice(before)
      .find(({ messages }) => messages.at(-1).content.startsWith("short: who are you?"));
    check(asked?.model === "house-builder", `${asked?.model} was asked`);
  },

  "conversation settings": async ({ page, begin, chat, provider }) => {
    await begin();
    await page.getByRole("button", { name: "Settings of this conversation" }).click();
    await page.getByRole("textbox", { name: "System prompt" }).fill("Be brief, Ada.");
    await page.getByRole("textbox", { name: "Temperature" }).fill("0.3");
    await page.getByRole("button", { name: "Save" }).click();
    const changed = page.getByRole("button", { name: "Settings of this conversation, changed" });
    await changed.waitFor();
    const before = provider.calls.length;
    await chat.askAndWait("short: how are you?");
    const asked = provider.calls
      .slice(before)
      .find(({ messages }) => messages[0].role === "system");
    check(asked?.messages[0].content.includes("Be brief, Ada."), "the prompt was not sent");
    check(asked.temperature === 0.3, `the temperature was sent as ${asked.temperature}`);
    await page.reload();
    await changed.click();
    check(
      (await page.getByRole("textbox", { name: "System prompt" }).inputValue()) ===
        "Be brief, Ada.",
      "the prompt is not shown",
    );
    const shown = await page.getByRole("textbox", { name: "Temperature" }).inputValue();
    check(shown === "0.3", `the temperature is shown as ${shown}`);
  },

  settings: async ({ page, begin, goto, base }) => {
    await begin();
    await goto("/settings");
    await page.getByRole("heading", { name: "Settings", level: 1 }).waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Grace");
    await page.keyboard.press("Enter");
    await page.getByText("Name saved").waitFor();
    await page.getByText("Dark", { exact: true }).click();
    check(
      (await page.locator("html").getAttribute("data-theme")) === "dark",
      "it does not get dark",
    );
    await page.getByText("This device").waitFor();
    await page.goto(`${base}/`);
    await page.getByRole("heading", { name: "What is on your mind, Grace?" }).waitFor();
    check(
      (await page.locator("html").getAttribute("data-theme")) === "dark",
      "the theme is forgotten",
    );
  },

  "the list of keys": async ({ page, begin, chat }) => {
    await begin();
    await chat.box.blur();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
  },
};
