/** Somebody with a browser: a window of a size, watched, and usually signed in. */
import { chatView } from "./chat-view.mjs";
import { watchContext } from "./watch.mjs";

export const sizes = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true },
};

export const password = "a quiet orchard in May";
let people = 0;

export async function startVisit(browser, base, options = {}) {
  const { size = "desktop", theme = "light", more } = options;
  const { email = `ada-${Date.now()}-${++people}@example.org` } = options;
  const context = await browser.newContext({
    ...sizes[size],
    colorScheme: theme,
    locale: "en-GB",
    ...more,
  });
  const origins = [base];
  const expected = [];
  const complaints = await watchContext(context, origins, expected);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const visit = {
    browser,
    context,
    page,
    base,
    size,
    email,
    origins,
    /** Patterns of what the browser itself will report in this state. */
    expected,
    complaints,
    chat: chatView(page),
    phone: size === "phone",
    goto: (path = "/") => page.goto(visit.base + path),
    /** Asks the API as the person would. */
    api: async (method, path, data) => {
      const response = await page.request.fetch(`${visit.base}/api${path}`, { method, data });
      if (!response.ok()) {
        throw new Error(`${method} ${path}: ${response.status()} ${await response.text()}`);
      }
      return response.status() === 204 ? null : response.json();
    },
    signUp: async (name = "Ada") => {
      await visit.api("POST", "/users/", { email, password, name });
      await visit.api("POST", "/login/", { email, password });
    },
    /** Signs up and opens the page. */
    begin: async (path = "/") => {
      await visit.signUp();
      await visit.goto(path);
      await visit.chat.box.waitFor();
    },
    /** The list of conversations, which a phone has in a drawer. */
    showSidebar: async () => {
      if (visit.phone) await page.getByRole("button", { name: "Show conversations" }).click();
      await page.getByRole("navigation", { name: "Conversations" }).waitFor();
    },
    newTab: async (path = "/") => {
      const tab = await context.newPage();
      tab.setDefaultTimeout(15_000);
      await tab.goto(visit.base + path);
      return tab;
    },
    close: () => context.close(),
  };
  return visit;
}
