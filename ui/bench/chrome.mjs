/** Chromium under measurement: pages with the probe, and what the browser says it has spent. */
import { openBrowser } from "../e2e/browser.mjs";

const timeline = "disabled-by-default-devtools.timeline";

export async function openChrome() {
  const browser = await openBrowser();
  const system = await browser.newBrowserCDPSession();

  /** CPU seconds of each kind of process so far. */
  async function cpu() {
    const { processInfo } = await system.send("SystemInfo.getProcessInfo");
    const spent = {};
    for (const { type, cpuTime } of processInfo) spent[type] = (spent[type] ?? 0) + cpuTime;
    return spent;
  }

  async function openPage(url) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    await context.addInitScript({ path: new URL("probe.js", import.meta.url).pathname });
    const page = await context.newPage();
    page.setDefaultTimeout(150_000);
    page.on("pageerror", (error) => console.error(String(error)));
    const cdp = await context.newCDPSession(page);
    // CPU time of the page's thread, which other programs on the machine do not stretch.
    await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
    await page.goto(url);
    const slowDown = (rate) => cdp.send("Emulation.setCPUThrottlingRate", { rate });
    /** Seconds of the page's main thread so far, and what is in the page. */
    async function metrics() {
      const { metrics: list } = await cdp.send("Performance.getMetrics");
      return Object.fromEntries(list.map(({ name, value }) => [name, value]));
    }
    /** Bytes of script memory in use after everything that can be freed is freed. */
    async function heap() {
      for (let times = 0; times < 3; times++) await cdp.send("HeapProfiler.collectGarbage");
      return (await cdp.send("Runtime.getHeapUsage")).usedSize;
    }
    /** What follows until the result is called: the CPU milliseconds of each task of the page's thread. */
    async function traceTasks() {
      await browser.startTracing(page, { categories: ["-*", timeline] });
      return async () => {
        const { traceEvents } = JSON.parse(String(await browser.stopTracing()));
        return traceEvents
          .filter(({ name }) => name === "RunTask")
          .map(({ tdur = 0 }) => tdur / 1000);
      };
    }
    return { page, slowDown, metrics, heap, traceTasks, close: () => context.close() };
  }

  return { cpu, openPage, close: () => browser.close() };
}

/** Sends a question as a person does. */
export async function ask(page, question) {
  await page.fill("#composer", question);
  await page.press("#composer", "Enter");
}

/** When no answer is being written any more. */
export async function answered(page) {
  await page.waitForFunction(() => !document.querySelector("main [aria-busy]"), null, {
    polling: 100,
  });
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
