/** Every view, and the way there: in this order, for one person. */
import { picture } from "./picture.mjs";
import { waitUntil } from "./report.mjs";
import { chooseModel } from "./states/attachments.mjs";
import { showModels } from "./states/connection.mjs";
import { setUpApp } from "./states/factors.mjs";
import { password } from "./visit.mjs";

async function settled(page) {
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(150);
}

const closeLayer = (page) => page.keyboard.press("Escape");

/** Before anybody is signed in. */
export const doorViews = {
  login: async ({ page, goto }) => {
    await goto("/login");
    await page.getByRole("heading", { name: "Welcome back" }).waitFor();
  },
  "login refused": async ({ page, email }) => {
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("do not belong together").waitFor();
  },
  register: async ({ page, goto }) => {
    await goto("/register");
    await page.getByRole("heading", { name: "Create your account" }).waitFor();
  },
  "a new password": async ({ page, goto }) => {
    await goto("/reset#token=lqr_0");
    await page.getByRole("button", { name: "Set password" }).waitFor();
  },
  "a link that is not whole": async ({ page, goto }) => {
    await goto("/reset");
    await page.getByText("This link is not whole.").waitFor();
  },
  "sign-up closed": async ({ page, closed }) => {
    await page.goto(`${closed.base}/register`);
    await page.getByRole("heading", { name: "New accounts are closed here." }).waitFor();
  },
};

/** Opens the page signed in, then everything in it. */
export const chatViews = {
  "no models": async ({ page, begin }) => {
    await showModels(page, () => false);
    await begin();
    await page.getByText("There is no model to ask yet.").waitFor();
    await page.unrouteAll();
  },
  empty: async ({ page, goto }) => {
    await goto("/");
    await page.getByRole("heading", { name: /on your mind/ }).waitFor();
    await page.getByRole("button", { name: /^Model: / }).waitFor();
  },
  "an answer being written": async ({ chat }) => {
    await chat.ask("slow: how does a bridge stand?");
    await chat.written();
  },
  stopped: async ({ page, chat }) => {
    await chat.stop.click();
    await page.getByText("Stopped", { exact: true }).waitFor();
  },
  versions: async ({ chat }) => {
    await chat.askAndWait("short: once");
    await chat.answers.last().hover();
    await chat.answers.last().getByRole("button", { name: "Regenerate" }).click();
    await chat.answers.getByText("Version 2 of 2").waitFor({ state: "attached" });
    await chat.over();
  },
  "everything that text can be": async ({ page, chat }) => {
    await chat.askAndWait("whole: how does a bridge stand?");
    await page.locator(".katex").first().waitFor();
    await page.locator("[class^=syntax-]").first().waitFor();
    await settled(page);
  },
  thoughts: async ({ page, chat }) => {
    await chat.askAndWait("think: about it");
    await page.getByText(/^Thought for/).click();
  },
  "a failure": async ({ page, chat }) => {
    await chat.askAndWait("refuse: this");
    await page.getByText("The provider refused this server's key.").waitFor();
  },
  "right to left": async ({ chat }) => {
    await chat.askAndWait("arabic: الجسر المعلق");
  },
  "a wide table": async ({ chat }) => {
    await chat.askAndWait("wide: every bridge");
  },
  "facts about an answer": async ({ page, chat }) => {
    await chat.answers.last().hover();
    await chat.answers.last().getByRole("button", { name: "About this answer" }).click();
    await page.getByText("First word after").waitFor();
  },
  "images in the message box": async ({ page }) => {
    await closeLayer(page);
    await chooseModel(page, "bridge-vision");
    const files = [picture("evening.png"), picture("tower.png", 200, 300)];
    await page.locator("input[type=file]").first().setInputFiles(files);
    await page.getByRole("img", { name: "tower.png" }).waitFor();
    await page.locator("form [aria-busy]").first().waitFor({ state: "detached" });
  },
  "images for a model that takes none": async ({ page }) => {
    await chooseModel(page, "bridge-builder");
    await page.getByRole("button", { name: "Remove all" }).waitFor();
    await settled(page);
  },
  "a question with images": async ({ page, chat }) => {
    await chooseModel(page, "bridge-vision");
    await chat.askAndWait("short: which bridge is this?");
    await settled(page);
  },
  "an image by itself": async ({ page, chat }) => {
    await chat.questions.last().getByRole("button", { name: "tower.png" }).click();
    await page.getByRole("dialog", { name: "tower.png" }).waitFor();
    await settled(page);
  },
  "a question being edited": async ({ page, chat }) => {
    await closeLayer(page);
    await chat.questions.last().hover();
    await chat.questions.last().getByRole("button", { name: "More for this message" }).click();
    await page.getByRole("menuitem", { name: "Edit" }).click();
    await page.getByRole("textbox", { name: "Your message in other words" }).waitFor();
  },
  "a question about deleting": async ({ page, chat }) => {
    await closeLayer(page);
    await chat.questions.last().hover();
    await chat.questions.last().getByRole("button", { name: "More for this message" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("dialog", { name: "Delete this question?" }).waitFor();
  },
  "the conversation's menu": async ({ page }) => {
    await closeLayer(page);
    await page.getByRole("button", { name: "More for this conversation" }).click();
    await page.getByRole("menuitem", { name: "Copy as Markdown" }).waitFor();
  },
  "the model picker": async ({ page }) => {
    await closeLayer(page);
    await page.getByRole("button", { name: /^Model: / }).click();
    await page.getByRole("combobox").waitFor();
  },
  "conversation settings": async ({ page }) => {
    await closeLayer(page);
    await page.getByRole("button", { name: /^Settings of this conversation/ }).click();
    await page.getByRole("textbox", { name: "System prompt" }).fill("Be brief.");
  },
  "conversation settings with a mistake": async ({ page }) => {
    await page.getByRole("textbox", { name: "Temperature" }).fill("7");
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator("[aria-invalid=true]").waitFor();
  },
  "the list of conversations": async ({ page, goto, chat, showSidebar }) => {
    await goto("/");
    await chat.box.waitFor();
    await showSidebar();
    await chat.rows.first().waitFor();
    await settled(page);
  },
  "a search that finds nothing": async ({ page }) => {
    await page.getByRole("searchbox").fill("pomegranate");
    await page.getByText("Nothing contains “pomegranate”").waitFor();
  },
  "a search with a hit": async ({ page }) => {
    await page.getByRole("searchbox").fill("bridge");
    await page.getByText("1 conversation", { exact: true }).waitFor();
    await settled(page);
  },
  "the menu of one": async ({ page, chat }) => {
    await chat.rows.first().hover();
    await page.getByRole("button", { name: /^Options for/ }).click();
    await page.getByRole("menuitem", { name: "Rename" }).waitFor();
  },
  "renaming one": async ({ page }) => {
    await page.getByRole("menuitem", { name: "Rename" }).click();
    await page.getByRole("textbox", { name: "New name" }).waitFor();
  },
  "the account's menu": async ({ page }) => {
    await closeLayer(page);
    await page.getByRole("button", { name: /account and settings/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).waitFor();
  },
  "the list of keys": async ({ page }) => {
    await page.getByRole("menuitem", { name: "Keyboard shortcuts" }).click();
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  },
  settings: async ({ page, goto }) => {
    await goto("/settings");
    await page.getByRole("heading", { name: "Devices" }).waitFor();
    await page.getByText("This device").waitFor();
  },
  "making a key": async ({ page }) => {
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByRole("region", { name: "API keys" }).getByLabel("Name").fill("backup");
  },
  "a new key": async ({ page }) => {
    await page.getByRole("button", { name: "Create key" }).click();
    await page.getByRole("group", { name: "Your new key" }).waitFor();
  },
  "deleting a key": async ({ page }) => {
    await page.getByRole("button", { name: "I have copied it" }).click();
    await page.getByRole("button", { name: "Delete backup" }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete key" }).waitFor();
  },
  "deleting the account": async ({ page }) => {
    await closeLayer(page);
    await page.getByRole("button", { name: "Delete account…" }).click();
    await page.getByLabel(/To confirm/).waitFor();
  },
  "showing who it is": async ({ page, goto }) => {
    await goto("/settings");
    await page.getByRole("button", { name: "Set up an authenticator app" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Your password").fill("not the password");
    await dialog.getByRole("button", { name: "Continue" }).click();
    await dialog.getByText("This is not your password.").waitFor();
  },
  "an authenticator app to be set up": async ({ page }) => {
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Your password").fill(password);
    await dialog.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("img", { name: /^QR code/ }).waitFor();
  },
  "recovery codes": async ({ page }) => {
    await page.getByRole("button", { name: "Cancel" }).click();
    await setUpApp(page);
  },
  "a second factor": async ({ page }) => {
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.getByText("10 left").waitFor();
  },
  "a code asked for": async ({ page }) => {
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    await page.getByRole("dialog").getByLabel("Code from your app").waitFor();
  },
  "a conversation that is gone": async ({ page, goto }) => {
    await goto("/c/01900000-0000-7000-8000-000000000000");
    await page.getByRole("heading", { name: "This conversation does not exist." }).waitFor();
  },
  "no such page": async ({ page, goto }) => {
    await goto("/nowhere");
    await page.locator("h1").waitFor();
  },
  // From here on nobody is signed in.
  "the second step": async ({ page, base, email }) => {
    await closeLayer(page);
    await page.context().clearCookies();
    await page.goto(`${base}/login`);
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("heading", { name: "One more step" }).waitFor();
  },
  "the second step with a recovery code": async ({ page }) => {
    await page.getByRole("button", { name: "Use a recovery code" }).click();
    await page.getByLabel("Recovery code").fill("no code at all");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("This code is wrong").waitFor();
  },
};

/** What only those see who run the server. */
export const administrationViews = {
  people: async ({ page, goto, administrator, api }) => {
    await api("POST", "/login/", administrator);
    await goto("/settings");
    const people = page.getByRole("region", { name: "People" });
    await people.getByRole("button", { name: "Options for Eve" }).waitFor();
    await people.getByText("Deactivated").waitFor();
  },
  "what can be done for somebody": async ({ page }) => {
    await page.getByRole("button", { name: "Options for Eve" }).click();
    await page.getByRole("menuitem", { name: "Delete…" }).waitFor();
  },
  "deleting somebody": async ({ page }) => {
    await page.getByRole("menuitem", { name: "Delete…" }).click();
    await page.getByRole("button", { name: "Keep the account" }).waitFor();
  },
  "a password link": async ({ page }) => {
    await closeLayer(page);
    await page.getByRole("button", { name: "Options for Eve" }).click();
    await page.getByRole("menuitem", { name: "New password link" }).click();
    await page.getByRole("group", { name: /^A password link for/ }).waitFor();
  },
  "adding somebody": async ({ page }) => {
    await page.getByRole("button", { name: "I have copied it" }).click();
    await page.getByRole("button", { name: "Add somebody" }).click();
    await page.getByRole("region", { name: "People" }).getByLabel("Email").waitFor();
  },
  "a search among people that finds nobody": async ({ page }) => {
    await page.getByLabel("Search people").fill("pomegranate");
    await page.getByText("Nobody is called “pomegranate”.").waitFor();
  },
  "the audit log": async ({ page }) => {
    const log = page.getByRole("region", { name: "Audit log" });
    await log.getByRole("listitem").first().waitFor();
    await log.scrollIntoViewIfNeeded();
  },
};

/** For the administrator of a server of one's own, which begins without anybody. */
export const administratorViews = {
  "model servers": async ({ page, own, email }) => {
    await waitUntil(() => own.setupLink(), "the server prints no link");
    const invite = own.setupLink().split("#invite=")[1];
    for (const [path, data] of [
      ["users", { email, password, invite }],
      ["login", { email, password }],
    ]) {
      await page.request.post(`${own.base}/api/${path}/`, { data });
    }
    await page.goto(`${own.base}/settings#model-servers`);
    await page.getByText("Set by OPENAI_BASE_URL").waitFor();
  },
  "adding a model server": async ({ page, modelBase }) => {
    await page.getByRole("button", { name: "Add a model server" }).click();
    const form = page.getByRole("region", { name: "Model servers" });
    await form.getByRole("button", { name: "Ollama" }).click();
    await form.getByLabel("Address").fill("ftp://elsewhere");
    await form.getByRole("button", { name: "Add", exact: true }).click();
    await form.locator("[aria-invalid=true]").waitFor();
    await form.getByLabel("Address").fill(modelBase);
    await form.getByLabel("Key").fill("sk-scripted-0123456789-WXYZ");
  },
  "managing a model server": async ({ page }) => {
    await page.getByRole("button", { name: "Add", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Ollama" });
    await dialog.getByText("2 models", { exact: true }).waitFor();
    await dialog.getByRole("button", { name: "More for bridge-builder" }).click();
    await page.getByRole("menuitem", { name: "Make it the default" }).click();
    await dialog.getByText("Default", { exact: true }).waitFor();
    await settled(page);
  },
  "the menu of a model": async ({ page }) => {
    await page.getByRole("button", { name: "More for bridge-builder" }).click();
    await page.getByRole("menuitem", { name: "Let it name conversations" }).waitFor();
  },
  limits: async ({ page, own }) => {
    await page.request.patch(`${own.base}/api/admin/limits`, { data: { turns_per_minute: 5 } });
    // Only the end of the address is another, for which a browser loads nothing.
    await page.goto(`${own.base}/settings#limits`);
    await page.reload();
    await page.getByText("As started: 60").waitFor();
    await page.getByText(/of 1 GB stored/).waitFor();
    await page.getByRole("region", { name: "Limits" }).scrollIntoViewIfNeeded();
  },
  "changing a limit": async ({ page }) => {
    await page.getByRole("button", { name: "Change: Questions a minute" }).click();
    const dialog = page.getByRole("dialog", { name: "Questions a minute" });
    await dialog.getByLabel("At most").fill("many");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.locator("[aria-invalid=true]").waitFor();
  },
};
