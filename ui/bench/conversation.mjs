/** A conversation of a thousand messages: opening, scrolling, coming back; and memory afterwards. */
import { answered, ask } from "./chrome.mjs";

/** Wheel steps, of so many px each. */
const steps = 60;
const wheel = 1000;

/** Milliseconds from the first page of messages having arrived to its end being painted. */
async function open(page, address) {
  await page.evaluate(() => {
    performance.clearResourceTimings();
    probe.begin();
  });
  await page.click(`a[href="${address}"]`);
  return page.evaluate(
    async (path) => {
      const arrived = () =>
        performance.getEntriesByType("resource").find(({ name }) => name.includes(path))
          ?.responseEnd;
      for (;;) {
        const painted = await probe.painted();
        const at = arrived();
        const scroller = probe.scroller();
        if (!at || !scroller || document.querySelectorAll("[data-message]").length === 0) continue;
        const { scrollHeight, clientHeight, scrollTop } = scroller;
        if (scrollHeight - clientHeight - scrollTop < 60) return painted - at;
      }
    },
    `${address.replace("/c", "/api/projects")}/messages`,
  );
}

/** How far the line under the reader's eyes moved other than by the wheel, in px, at each step. */
async function scroll(page, delta) {
  await page.mouse.move(640, 400);
  const moved = [];
  await page.evaluate(() => probe.begin());
  for (let step = 0; step < steps; step++) {
    const expected = await page.evaluate((delta) => {
      const scroller = probe.scroller();
      const view = scroller.getBoundingClientRect();
      // A small element, for a message may be longer than the screen.
      probe.eyes = document.elementFromPoint(
        view.left + view.width / 2,
        view.top + view.height / 2,
      );
      probe.eyesAt = probe.eyes.getBoundingClientRect().top;
      const room = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
      return Math.max(-scroller.scrollTop, Math.min(room, delta));
    }, delta);
    await page.mouse.wheel(0, delta);
    const shifted = await page.evaluate(async () => {
      for (let frame = 0; frame < 4; frame++) await probe.painted();
      return probe.eyes.isConnected ? probe.eyesAt - probe.eyes.getBoundingClientRect().top : null;
    });
    if (shifted !== null && Math.abs(expected) === Math.abs(delta)) moved.push(shifted - expected);
  }
  return { moved, ...(await page.evaluate(() => probe.read())) };
}

const messagesInPage = (page) =>
  page.evaluate(() => document.querySelectorAll("[data-message]").length);

/** What stands at the top of the screen, and where. */
const place = (page) =>
  page.evaluate(() => {
    const { top } = probe.scroller().getBoundingClientRect();
    const rows = [...document.querySelectorAll("[data-message]")];
    const row = rows.find((candidate) => candidate.getBoundingClientRect().bottom > top);
    return { id: row?.dataset.message, y: row?.getBoundingClientRect().top - top };
  });

export async function measureConversation(chrome, server) {
  const { page, traceTasks, heap, close } = await chrome.openPage(
    `${server.base}/c/${server.short}`,
  );
  const [long, short] = [`/c/${server.long}`, `/c/${server.short}`];
  await page.waitForSelector("[data-message]");
  await page.waitForTimeout(1000);
  const opening = await traceTasks();
  const opened = await open(page, long);
  await page.waitForTimeout(1500);
  const openingTasks = await opening();

  const tasksSince = await traceTasks();
  const up = await scroll(page, -wheel);
  const inPage = await messagesInPage(page);
  const down = await scroll(page, wheel);
  const upAgain = await scroll(page, -wheel);
  const tasks = await tasksSince();

  await page.waitForTimeout(600);
  const left = await place(page);
  await page.click(`a[href="${short}"]`);
  await page.waitForFunction(() => document.querySelectorAll("[data-message]").length === 2);
  await page.goBack();
  await page.waitForFunction((id) => document.querySelector(`[data-message="${id}"]`), left.id);
  await page.waitForTimeout(1500);
  const back = await place(page);
  // All of it, as someone sees who goes up to its beginning.
  let loaded = 0;
  page.on("request", (request) => {
    if (request.url().includes("cursor=")) loaded++;
  });
  for (let pull = 0; pull < 60 && loaded < 24; pull++) {
    await page.evaluate(() => {
      probe.scroller().scrollTop = 0;
    });
    await page.waitForTimeout(150);
  }
  await page.evaluate(() => {
    probe.scroller().scrollTop = probe.scroller().scrollHeight / 2;
  });
  await page.waitForTimeout(1000);
  const whole = await scroll(page, -wheel);
  const wholeInPage = await messagesInPage(page);
  const violations = await page.evaluate(() => probe.violations);
  const bytes = await heap();
  await close();
  const jumps = (run) => Math.max(0, ...run.moved.map(Math.abs));
  return {
    opened,
    openingTask: Math.max(...openingTasks),
    longest: Math.max(...tasks),
    over50: tasks.filter((task) => task > 50).length,
    frames: up.frames + down.frames + upAgain.frames,
    late: up.late + down.late + upAgain.late,
    jumps: { up: jumps(up), down: jumps(down), upAgain: jumps(upAgain), whole: jumps(whole) },
    counted: { up: up.moved.length, whole: whole.moved.length },
    inPage,
    loaded,
    left,
    returned: back,
    wholeInPage,
    back: left.id === back.id ? back.y - left.y : Number.NaN,
    heap: bytes / 2 ** 20,
    violations,
  };
}

/** Script memory in MB: beside an empty page, with five long answers on it, and after leaving them. */
export async function measureMemory(chrome, server) {
  const { page, heap, metrics, close } = await chrome.openPage(`${server.base}/`);
  const read = async () => ({ heap: (await heap()) / 2 ** 20, nodes: (await metrics()).Nodes });
  const leave = async () => {
    await page.getByText("New chat").first().click();
    await page.waitForFunction(() => !document.querySelector("main [data-message]"));
    await page.waitForTimeout(2000);
  };
  const turn = async (count) => {
    await ask(page, "mixed 60000 6000 0");
    await page.waitForFunction(
      (count) => document.querySelectorAll("main [data-message]").length === count,
      2 * count,
    );
    await answered(page);
    await page.waitForTimeout(1500);
    return read();
  };
  await page.waitForSelector("#composer");
  // The first answer brings what stays: KaTeX, the worker, compiled code.
  await turn(1);
  await leave();
  const empty = await read();
  const full = [];
  for (let count = 1; count <= 5; count++) full.push(await turn(count));
  await leave();
  const left = await read();
  await close();
  return { empty, full, left };
}
