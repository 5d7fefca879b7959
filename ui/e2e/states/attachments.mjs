/** The states of images that go with a question. */
import { overflow } from "../chat-view.mjs";
import { drop, heavyGif, hover, paste, picture, textFile } from "../picture.mjs";
import { check, waitUntil } from "../report.mjs";

/** A model whose name says that it sees. */
const seeing = "bridge-vision";

export async function chooseModel(page, name) {
  await page.getByRole("button", { name: /^Model: / }).click();
  await page.getByRole("combobox").fill(name);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: `Model: ${name}` }).waitFor();
}

async function begin(visit) {
  await visit.begin();
  await chooseModel(visit.page, seeing);
  return view(visit.page);
}

/** Where the images are on the page. */
function view(page) {
  const strip = page.getByRole("list", { name: "Attached images" });
  return {
    strip,
    picked: (...files) => page.locator("input[type=file]").first().setInputFiles(files),
    /** All of them are at the server. */
    ready: async (count) => {
      await waitUntil(
        async () =>
          (await strip.getByRole("img").count()) === count &&
          (await strip.locator("[aria-busy]").count()) === 0,
        `there are not ${count} images`,
      );
    },
    remove: (name) => strip.getByRole("button", { name: `Remove ${name}` }),
  };
}

const told = (page, words) => page.getByRole("status").getByText(words).first().waitFor();

/** The last question as the model was told it. */
function lastAsked({ calls }) {
  const asked = calls.map(({ messages }) => messages.findLast(({ role }) => role === "user"));
  return asked.findLast(({ content }) => Array.isArray(content))?.content ?? [];
}

/** What the model was told, once it was told anything and has answered: before that, nothing is being written either. */
async function sent({ chat, provider }) {
  await waitUntil(() => lastAsked(provider).length > 0, "nothing was sent");
  await chat.over();
  return lastAsked(provider);
}

const images = (parts) => parts.filter(({ type }) => type === "image_url");

/** Whether every image in it was really drawn. */
const drawn = (locator) =>
  waitUntil(
    () =>
      locator.evaluateAll(
        (all) => all.length > 0 && all.every((one) => one.complete && one.naturalWidth > 0),
      ),
    "an image is not shown",
  );

async function fits(page) {
  const beyond = await overflow(page);
  check(beyond <= 0, `the page is ${beyond} px too wide`);
}

async function sendOne(visit, question = "short: what is this bridge?") {
  const shown = await begin(visit);
  await shown.picked(picture("evening.png"));
  await shown.ready(1);
  await visit.chat.askAndWait(question);
}

export const attachments = {
  "an image chosen, sent and shown": async (visit) => {
    const { page, chat, provider } = visit;
    const { picked, ready, strip } = await begin(visit);
    check(await chat.send.isDisabled(), "nothing can be sent");
    await picked(picture("evening.png", 3000, 2000));
    await ready(1);
    await drawn(strip.getByRole("img"));
    await page.getByPlaceholder("Ask about the image").waitFor();
    check(await chat.send.isEnabled(), "it cannot be sent without words");
    await fits(page);
    await chat.askAndWait("short: what is this bridge?");
    const parts = lastAsked(provider);
    check(parts[0]?.text === "short: what is this bridge?", "the words were not sent");
    const url = images(parts)[0]?.image_url.url ?? "";
    check(/^data:image\/(png|jpeg);base64,/.test(url), `sent as ${url.slice(0, 40)}`);
    const shown = chat.questions.getByRole("img", { name: "evening.png" });
    await drawn(shown);
    await page.reload();
    await drawn(shown);
    const ratio = await shown.evaluate((one) => one.width / one.height);
    check(Math.abs(ratio - 1.5) < 0.02, `its sides are as ${ratio}`);
    const size = await shown.evaluate((one) => one.naturalWidth);
    check(size === 2048, `it is ${size} pixels wide`);
    await fits(page);
  },

  "an image without a word": async (visit) => {
    const { page, chat } = visit;
    const { picked, ready } = await begin(visit);
    await picked(picture("evening.png"));
    await ready(1);
    await chat.send.click();
    await page.waitForURL(/\/c\/[\w-]+$/);
    const parts = await sent(visit);
    check(images(parts).length === 1 && parts.length === 1, "it was sent otherwise");
    await page.reload();
    const asked = chat.questions.last();
    await drawn(asked.getByRole("img", { name: "evening.png" }));
    const named = async () => (await page.title()).includes("evening.png");
    await waitUntil(named, "the conversation is not named after it");
    await asked.getByRole("button", { name: "More for this message" }).click();
    await page.getByRole("menuitem", { name: "Edit" }).waitFor();
    check((await page.getByRole("menuitem", { name: "Copy" }).count()) === 0, "nothing to copy");
    await fits(page);
  },

  "nothing moves when the image comes": async (visit) => {
    const { page, chat } = visit;
    await sendOne(visit);
    await page.route("**/api/attachments/*", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      await route.continue();
    });
    await page.reload();
    const shown = chat.questions.getByRole("img");
    await shown.waitFor();
    const place = async () => JSON.stringify(await shown.boundingBox());
    const before = await place();
    await drawn(shown);
    check(before === (await place()), `it moved from ${before} to ${await place()}`);
  },

  "an image pasted": async (visit) => {
    const { page, chat } = visit;
    const { ready, remove, strip } = await begin(visit);
    await paste(page, chat.box, [picture("image.png")]);
    await ready(1);
    await remove("image.png").waitFor();
    await paste(page, chat.box, [picture("second.png")]);
    await ready(2);
    await drawn(strip.getByRole("img"));
  },

  "images dropped": async (visit) => {
    const { page } = visit;
    const { ready } = await begin(visit);
    const heading = page.getByRole("heading", { name: /on your mind/ });
    const files = [picture("one.png"), picture("two.png", 200, 400)];
    const overlay = page.getByText("Drop images here");
    await hover(page, heading, files);
    await overlay.waitFor();
    await hover(page, heading, files, "dragleave");
    await overlay.waitFor({ state: "detached" });
    await hover(page, heading, files);
    await overlay.waitFor();
    await hover(page, heading, files, "drop");
    await overlay.waitFor({ state: "detached" });
    await ready(2);
  },

  "an image removed": async (visit) => {
    const { page, chat } = visit;
    const { picked, ready, remove, strip } = await begin(visit);
    await picked(picture("one.png"), picture("two.png"));
    await ready(2);
    const deleted = page.waitForResponse((response) => response.request().method() === "DELETE");
    await remove("one.png").focus();
    await page.keyboard.press("Enter");
    check((await deleted).status() === 204, "the server keeps it");
    await ready(1);
    const next = await page.evaluate(() => document.activeElement.getAttribute("aria-label"));
    check(next === "Remove two.png", `the focus went to ${next}`);
    await remove("two.png").click();
    await strip.waitFor({ state: "detached" });
    await page.getByText("Image two.png removed").waitFor({ state: "attached" });
    await chat.box.fill("short: none?");
    check(await chat.send.isEnabled(), "it cannot be sent");
  },

  "too many images": async (visit) => {
    const { page } = visit;
    const { picked, ready } = await begin(visit);
    await picked(...Array.from({ length: 10 }, (_, at) => picture(`${at}.png`, 60, 40)));
    await told(page, "At most 8 images go with a question.");
    await ready(8);
    await fits(page);
  },

  "an image that is too large": async (visit) => {
    const { page, chat, expected } = visit;
    expected.push(/status of 413/, /net::ERR_/);
    const { picked, strip, remove } = await begin(visit);
    await picked(heavyGif("moving.gif", 6 * 1024 * 1024));
    await strip.getByText("It is larger than this server takes.").waitFor();
    await chat.box.fill("short: what moves?");
    check(await chat.send.isDisabled(), "it can be sent");
    await fits(page);
    await remove("moving.gif").click();
    check(await chat.send.isEnabled(), "it cannot be sent without it");
  },

  "an upload that is tried again": async (visit) => {
    const { page, expected } = visit;
    expected.push(/net::ERR_/);
    const { picked, ready, strip } = await begin(visit);
    const uploads = "**/api/attachments/?*";
    await page.route(uploads, (route) => route.abort());
    await picked(picture("evening.png"));
    await strip.getByText("The server cannot be reached.").waitFor();
    await page.unroute(uploads);
    await strip.getByRole("button", { name: "Try again" }).click();
    await strip.getByText("The server cannot be reached.").waitFor({ state: "detached" });
    await ready(1);
  },

  "sent before the image is there": async (visit) => {
    const { page, chat } = visit;
    const { picked, strip } = await begin(visit);
    await page.route("**/api/attachments/?*", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await route.continue();
    });
    await picked(picture("late.png"));
    await strip.waitFor();
    await chat.box.fill("short: is it there?");
    await chat.send.click();
    await page.waitForURL(/\/c\/[\w-]+$/);
    check(images(await sent(visit)).length === 1, "it went out without its image");
    await drawn(chat.questions.getByRole("img", { name: "late.png" }));
  },

  "tried again before the image is there": async (visit) => {
    const { page, chat, expected } = visit;
    expected.push(/status of 503/);
    const { picked, strip } = await begin(visit);
    let upload = () => {};
    const uploaded = new Promise((resolve) => {
      upload = resolve;
    });
    await page.route("**/api/attachments/?*", (route) => uploaded.then(() => route.continue()));
    const problem = { title: "", status: 503, code: "busy", detail: "", request_id: "" };
    const refuse = async (route) => {
      await strip.waitFor();
      await route.fulfill({ status: 503, contentType: "application/json", json: problem });
    };
    await page.route("**/messages", refuse, { times: 1 });
    await chat.box.fill("short: is it there?");
    await chat.send.click();
    await picked(picture("late.png"));
    await page.getByText("The server is busy.").waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    await strip.waitFor();
    upload();
    await page.waitForURL(/\/c\/[\w-]+$/);
    check(images(await sent(visit)).length === 1, "it went out without its image");
  },

  "removed while the question waits for it": async (visit) => {
    const { page, chat } = visit;
    const { picked, remove, strip } = await begin(visit);
    await page.route("**/api/attachments/?*", () => {});
    await picked(picture("late.png"));
    await strip.waitFor();
    await chat.box.fill("short: is it there?");
    await chat.send.click();
    await remove("late.png").click();
    await strip.waitFor({ state: "detached" });
    await page.waitForTimeout(300);
    check((await chat.box.inputValue()) === "short: is it there?", "it went out without its image");
  },

  "files of a wrong kind": async (visit) => {
    const { page, chat } = visit;
    const { strip } = await begin(visit);
    const archive = textFile("letters.zip", "PK\u0003\u0004", "application/zip");
    await drop(page, chat.box, [archive]);
    await told(page, /^letters.zip cannot be attached/);
    await drop(page, chat.box, [textFile("broken.png", "no image", "image/png")]);
    await told(page, /^broken.png cannot be read as an image/);
    await strip.waitFor({ state: "detached" });
  },

  "a text file dropped": async (visit) => {
    const { page, chat } = visit;
    await begin(visit);
    await chat.box.fill("short: what does it do?");
    await drop(page, chat.box, [textFile("main.rs", "fn main() {}\n", "")]);
    await waitUntil(
      async () =>
        (await chat.box.inputValue()) ===
        "short: what does it do?\n\nmain.rs:\n\n```rs\nfn main() {}\n```",
      "its text is not in the question",
    );
  },

  "a model that takes no images": async (visit) => {
    const { page, chat } = visit;
    await visit.begin();
    await chooseModel(page, "house-builder");
    const attach = page.getByRole("button", { name: "Attach images" });
    check((await attach.count()) === 0, "images are offered");
    await chat.box.fill("short: and this?");
    await paste(page, chat.box, [picture("image.png")]);
    await told(page, "house-builder takes no images. Choose another model.");
    check((await chat.box.inputValue()) === "short: and this?", "the words are gone");
    await chooseModel(page, seeing);
    const { picked, ready, strip } = view(page);
    await picked(picture("evening.png"));
    await ready(1);
    await chooseModel(page, "house-builder");
    await page.getByText(/^house-builder takes no images. Choose another model, or/).waitFor();
    check(await chat.send.isDisabled(), "it can be sent");
    await fits(page);
    await page.getByRole("button", { name: "Remove all" }).click();
    await strip.waitFor({ state: "detached" });
    check(await chat.send.isEnabled(), "it cannot be sent without them");
  },

  "a draft with an image, after a reload and from another conversation": async (visit) => {
    const { page, chat, goto, expected, api } = visit;
    const { picked, ready, strip } = await begin(visit);
    await chat.box.fill("short: a draft");
    await picked(picture("evening.png"));
    await ready(1);
    await page.reload();
    await ready(1);
    await drawn(strip.getByRole("img"));
    check((await chat.box.inputValue()) === "short: a draft", "the words are gone");
    const { id } = await api("POST", "/projects/", { name: "Elsewhere" });
    await goto(`/c/${id}`);
    await chat.box.waitFor();
    check((await strip.count()) === 0, "it is in another conversation");
    await goto("/");
    await ready(1);
    const source = await strip.getByRole("img").getAttribute("src");
    expected.push(/status of 404/);
    await api("DELETE", source.replace("/api", ""));
    await page.reload();
    await told(page, /^evening.png is not there any more/);
    await strip.waitFor({ state: "detached" });
    check((await chat.box.inputValue()) === "short: a draft", "the words went with it");
  },

  "an image looked at": async (visit) => {
    const { page, chat } = visit;
    await sendOne(visit);
    const small = chat.questions.getByRole("button", { name: "evening.png" });
    await small.focus();
    await page.keyboard.press("Enter");
    const viewer = page.getByRole("dialog", { name: "evening.png" });
    await viewer.waitFor();
    await drawn(viewer.getByRole("img"));
    await viewer.getByText(/480 × 320 · \d/).waitFor();
    const link = viewer.getByRole("link", { name: "Download" });
    const [file] = await Promise.all([page.waitForEvent("download"), link.click()]);
    check(file.suggestedFilename() === "evening.png", `saved as ${file.suggestedFilename()}`);
    await page.keyboard.press("Escape");
    await viewer.waitFor({ state: "detached" });
    const focused = await small.evaluate((button) => button === document.activeElement);
    check(focused, "the focus does not come back");
    await small.click();
    await viewer.getByRole("img").click();
    await viewer.waitFor({ state: "detached" });
    await small.click();
    await viewer.waitFor();
  },

  "an edited question keeps, loses and gains images": async (visit) => {
    const { page, chat, provider } = visit;
    const { picked, ready } = await begin(visit);
    await picked(picture("one.png"), picture("two.png", 200, 300));
    await ready(2);
    await chat.askAndWait("short: which?");
    const other = page.getByRole("textbox", { name: "Your message in other words" });
    const edit = async () => {
      const question = chat.questions.last();
      await question.hover();
      await question.getByRole("button", { name: "More for this message" }).click();
      await page.getByRole("menuitem", { name: "Edit" }).click();
      await other.waitFor();
    };
    const save = async () => {
      const before = provider.calls.length;
      await page.getByRole("button", { name: "Save and send" }).click();
      await other.waitFor({ state: "detached" });
      await waitUntil(() => provider.calls.length > before, "it was not sent");
      await chat.over();
    };
    const names = async () =>
      chat.questions
        .last()
        .getByRole("img")
        .evaluateAll((all) => all.map(({ alt }) => alt).join());
    await edit();
    await other.fill("short: which of both?");
    await save();
    check((await names()) === "one.png,two.png", `it kept ${await names()}`);
    await edit();
    await page.getByRole("button", { name: "Remove one.png" }).click();
    await page.reload();
    await other.waitFor();
    check((await page.getByRole("button", { name: "Remove one.png" }).count()) === 0, "it is back");
    await paste(page, other, [picture("three.png")]);
    await ready(2);
    await fits(page);
    await save();
    check((await names()) === "two.png,three.png", `now it has ${await names()}`);
    check(images(lastAsked(provider)).length === 2, "the model was told otherwise");
    await drawn(chat.questions.last().getByRole("img"));
  },

  "images by night": async (visit) => {
    const { page, chat } = visit;
    await page.emulateMedia({ colorScheme: "dark" });
    await sendOne(visit);
    const { picked, ready } = view(page);
    await picked(picture("one.png"), picture("two.png", 200, 300));
    await ready(2);
    await chat.box.fill("short: and these?");
  },
};
