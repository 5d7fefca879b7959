/** The main path by keys alone, with the focus in sight at each step: `node e2e/keyboard.mjs`. */
import { openBrowser } from "./browser.mjs";
import { startLoquat } from "./loquat.mjs";
import { startProvider } from "./provider.mjs";
import { check, createReport, waitUntil } from "./report.mjs";
import { password, startVisit } from "./visit.mjs";

const model = await startProvider();
const server = await startLoquat({ OPENAI_BASE_URL: model.base });
const browser = await openBrowser();
const visit = await startVisit(browser, server.base);
const { page, chat, email, context, complaints } = visit;
const { keyboard } = page;
const { step, finish } = createReport();
await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.base });

/** What has the focus, and whether anybody can see that. */
const focus = () =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return { name: "nothing", seen: false };
    const labelled = element.labels?.[0]?.innerText;
    const name = element.getAttribute("aria-label") ?? labelled ?? element.innerText ?? "";
    // A field in a frame may leave it to the frame.
    const marked = [element, element.parentElement, element.parentElement?.parentElement].some(
      (each, at) => {
        if (!each || (at > 0 && !/^(INPUT|TEXTAREA)$/.test(element.tagName))) return false;
        const { outlineStyle, outlineWidth } = getComputedStyle(each);
        return outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 1;
      },
    );
    const { top, bottom, left, right } = element.getBoundingClientRect();
    const inside = top < innerHeight && bottom > 0 && left < innerWidth && right > 0;
    return { name: name.trim(), seen: marked && inside };
  });

async function focused(name) {
  await waitUntil(
    async () => name.test((await focus()).name),
    `the focus is not on ${name}, but on ${(await focus()).name}`,
    5000,
  );
  check((await focus()).seen, `the focus on ${(await focus()).name} cannot be seen`);
}

/** Tab, as often as it takes; every stop on the way has to be seen as well. */
async function tabTo(name, key = "Tab") {
  for (let at = 0; at < 60; at++) {
    await keyboard.press(key);
    const now = await focus();
    if (now.name === "nothing") continue;
    check(now.seen, `the focus on “${now.name}” cannot be seen`);
    if (name.test(now.name)) return;
  }
  throw new Error(`no Tab leads to ${name}`);
}

await visit.api("POST", "/users/", { email, password, name: "Ada" });

await step("sign in", async () => {
  await page.goto(server.base);
  await focused(/^Email/);
  await keyboard.type(email);
  await tabTo(/^Password/);
  await keyboard.type(password);
  await keyboard.press("Enter");
  await page.getByRole("heading", { name: /on your mind/ }).waitFor();
});

await step("ask, from the box that has the focus", async () => {
  await focused(/^Message$/);
  await keyboard.type("slow: how does a bridge stand?");
  await keyboard.press("Enter");
  await page.waitForURL(/\/c\//);
  await chat.written();
});

await step("stop by Tab, and ask again", async () => {
  await focused(/^Message$/);
  await tabTo(/^Stop$/);
  await keyboard.press("Enter");
  await page.getByText("Stopped", { exact: true }).waitFor();
  await focused(/^Message$/);
  await keyboard.type("slow: once more");
  await keyboard.press("Enter");
  await waitUntil(async () => (await chat.answers.count()) === 2, "there is no second answer");
  await chat.written();
  await keyboard.press("Control+.");
  await chat.over();
});

await step("copy the answer", async () => {
  await tabTo(/^Copy answer$/, "Shift+Tab");
  await keyboard.press("Enter");
  await waitUntil(
    async () =>
      (await page.evaluate(() => navigator.clipboard.readText())).startsWith("A suspension"),
    "the answer was not copied",
  );
});

await step("new chat", async () => {
  await keyboard.press("Control+Shift+O");
  await page.getByRole("heading", { name: /on your mind/ }).waitFor();
  await focused(/^Message$/);
});

await step("rename", async () => {
  await tabTo(/how does a bridge stand/, "Shift+Tab");
  await tabTo(/^Options for/);
  await keyboard.press("Enter");
  await focused(/^Pin$/);
  await keyboard.press("ArrowDown");
  await focused(/^Rename$/);
  await keyboard.press("Enter");
  await focused(/^New name$/);
  await keyboard.press("Control+a");
  await keyboard.type("Orchard");
  await keyboard.press("Enter");
  await page.getByRole("link", { name: "Orchard" }).waitFor();
  await focused(/^Orchard$/);
});

async function deleteOrchard() {
  await tabTo(/^Options for/);
  await keyboard.press("Enter");
  await focused(/^Pin$/);
  await keyboard.press("End");
  await focused(/^Delete$/);
  await keyboard.press("Enter");
  await page.getByText("“Orchard” deleted").waitFor();
}

await step("delete, and take it back by the key for that", async () => {
  await deleteOrchard();
  await keyboard.press("Control+z");
  await page.getByRole("link", { name: "Orchard" }).waitFor();
  await page.getByText("“Orchard” deleted").waitFor({ state: "detached" });
});

await step("delete, and take it back by Tab, in one's own time", async () => {
  await tabTo(/^Orchard$/);
  await deleteOrchard();
  await tabTo(/^Undo$/, "Shift+Tab");
  await page.waitForTimeout(7000);
  await focused(/^Undo$/);
  await keyboard.press("Enter");
  await page.getByRole("link", { name: "Orchard" }).waitFor();
});

await step("search, and open what was found", async () => {
  await keyboard.press("Control+k");
  await focused(/^Search conversations$/);
  await keyboard.type("Orch");
  await page.getByText("1 conversation", { exact: true }).waitFor();
  await keyboard.press("ArrowDown");
  await focused(/^Orchard$/);
  await keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Orchard" }).waitFor();
});

await step("settings: make a key, and delete it, and the focus is never lost", async () => {
  await keyboard.press("Control+,");
  await page.getByRole("heading", { name: "Settings", level: 1 }).waitFor();
  await tabTo(/^New key$/);
  await keyboard.press("Enter");
  await focused(/^Name/);
  await keyboard.type("Orchard");
  await keyboard.press("Enter");
  await page.getByText("Your new key").waitFor();
  await tabTo(/^I have copied it$/);
  await keyboard.press("Enter");
  await focused(/^API keys$/);
  await tabTo(/^Delete Orchard$/);
  await keyboard.press("Enter");
  await tabTo(/^Keep it$/);
  await keyboard.press("Enter");
  await focused(/^Delete Orchard$/);
  await keyboard.press("Enter");
  await tabTo(/^Delete key$/);
  await keyboard.press("Enter");
  await page.getByText("Key deleted").waitFor();
  await focused(/^API keys$/);
});

await step("settings, and back", async () => {
  await tabTo(/^Name/);
  await tabTo(/^Back$/, "Shift+Tab");
  await keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Orchard" }).waitFor();
});

await step("sign out", async () => {
  await tabTo(/account and settings/, "Shift+Tab");
  await keyboard.press("Enter");
  await focused(/^Settings/);
  await keyboard.press("End");
  await focused(/^Sign out$/);
  await keyboard.press("Enter");
  await page.getByText("You are signed out.").waitFor();
  await focused(/^Email/);
});

await step("the console stayed silent", () => {
  check(complaints.length === 0, complaints.join("\n"));
});

await browser.close();
await server.stop();
model.close();
finish();
