/** The list beside the conversations, with a thousand of them in the page: scrolling it, and writing beside it. */

/** Wheel steps, of so many px each. */
const steps = 60;
const wheel = 600;

const rows = (page) => page.evaluate(() => document.querySelectorAll('nav a[href^="/c/"]').length);

export async function measureList(chrome, server, count) {
  const { page, traceTasks, close } = await chrome.openPage(`${server.base}/`);
  await page.waitForSelector('nav a[href^="/c/"]');
  const scrollTo = (end) =>
    page.evaluate((end) => {
      let list = document.querySelector('nav a[href^="/c/"]');
      while (
        list.scrollHeight <= list.clientHeight ||
        getComputedStyle(list).overflowY === "visible"
      )
        list = list.parentElement;
      list.scrollTop = end ? list.scrollHeight : 0;
      const { left, top, width, height } = list.getBoundingClientRect();
      return { x: left + width / 2, y: top + height / 2 };
    }, end);
  while ((await rows(page)) < count) {
    await scrollTo(true);
    await page.waitForTimeout(60);
  }
  const middle = await scrollTo(false);
  await page.waitForTimeout(1000);

  await page.mouse.move(middle.x, middle.y);
  const tasksSince = await traceTasks();
  await page.evaluate(() => probe.begin());
  for (const delta of [wheel, -wheel]) {
    for (let step = 0; step < steps; step++) {
      await page.mouse.wheel(0, delta);
      await page.evaluate(async () => {
        for (let frame = 0; frame < 4; frame++) await probe.painted();
      });
    }
  }
  const { frames, late } = await page.evaluate(() => probe.read());
  const tasks = await tasksSince();

  await page.click("#composer");
  const typedSince = await traceTasks();
  await page.keyboard.type("What is a loquat?", { delay: 40 });
  const typed = Math.max(0, ...(await typedSince()));
  const violations = await page.evaluate(() => probe.violations);
  await close();
  return {
    frames,
    late,
    longest: Math.max(0, ...tasks),
    over50: tasks.filter((task) => task > 50).length,
    typed,
    violations,
  };
}
