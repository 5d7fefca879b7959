/** Answers that are being written: how the page keeps up. */
import { answered, ask } from "./chrome.mjs";
import { answer, cutUp } from "./texts.mjs";

/** KIND, characters, deltas a second, how many come at once before, and how much slower the CPU. */
export const answers = [
  {
    name: "20,000 deltas, the last 4,000 at 200/s",
    kind: "mixed",
    length: 120_000,
    rate: 200,
    last: 4000,
    slow: 1,
  },
  { name: "the same, all at 2,000/s", kind: "mixed", length: 120_000, rate: 2000, slow: 1 },
  { name: "CPU 4 × slower, 200/s", kind: "mixed", length: 18_000, rate: 200, slow: 4 },
  {
    name: "the same, at the end of 100 KB",
    kind: "mixed",
    length: 118_000,
    rate: 200,
    last: 3000,
    slow: 4,
  },
  { name: "one list of 80 KB, 2,000/s", kind: "list", length: 80_000, rate: 2000, slow: 1 },
  { name: "nested lists, 2,000/s", kind: "nested", length: 80_000, rate: 2000, slow: 1 },
  { name: "one block of code, 2,000/s", kind: "code", length: 80_000, rate: 2000, slow: 1 },
  { name: "one paragraph, 2,000/s", kind: "paragraph", length: 80_000, rate: 2000, slow: 1 },
  { name: "a wide table, 2,000/s", kind: "table", length: 80_000, rate: 2000, slow: 1 },
  { name: "one quotation, 2,000/s", kind: "quote", length: 80_000, rate: 2000, slow: 1 },
];

export async function measureAnswer(chrome, server, { kind, length, rate, last, slow }) {
  const { page, slowDown, metrics, traceTasks, close } = await chrome.openPage(`${server.base}/`);
  const deltas = cutUp(answer(kind, length)).length;
  const atOnce = last ? deltas - last : 0;
  await page.waitForSelector("#composer");
  await ask(page, `${kind} ${length} ${rate} ${atOnce}`);
  await page.waitForSelector("main [data-message][aria-busy]");
  if (atOnce > 0) await page.waitForTimeout(2500);
  await slowDown(slow);
  const tasksSince = await traceTasks();
  const before = { ...(await metrics()), cpu: await chrome.cpu() };
  await page.evaluate(() => probe.begin());
  await answered(page);
  const seen = await page.evaluate(() => probe.read());
  const after = { ...(await metrics()), cpu: await chrome.cpu() };
  const tasks = await tasksSince();
  const violations = await page.evaluate(() => probe.violations);
  await close();
  const measured = deltas - atOnce;
  const spent = (name) => ((after[name] - before[name]) * 1000) / measured;
  const process = (type) => ((after.cpu[type] - before.cpu[type]) * 1000) / measured;
  return {
    ...seen,
    /** In CPU time, however busy the machine is. */
    longest: tasks.reduce((longest, task) => Math.max(longest, task), 0),
    over50: tasks.filter((task) => task > 50).length,
    count: tasks.length,
    violations,
    seconds: after.Timestamp - before.Timestamp,
    /** Milliseconds for each delta: the main thread, of that script, then style and layout. */
    main: spent("TaskDuration"),
    script: spent("ScriptDuration"),
    layout: spent("LayoutDuration") + spent("RecalcStyleDuration"),
    /** Whole processes: the renderer's includes its raster threads, the GPU's puts tiles together. */
    renderer: process("renderer"),
    gpu: process("GPU"),
  };
}
