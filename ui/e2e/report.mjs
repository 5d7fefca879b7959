/** Steps with a line each, and what they are made of. */

export function check(condition, message) {
  if (!condition) throw new Error(message);
}

export async function waitUntil(condition, message, milliseconds = 20_000) {
  const until = Date.now() + milliseconds;
  while (Date.now() < until) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(message);
}

export function createReport() {
  let passed = 0;
  let failed = 0;
  return {
    async step(name, run) {
      const began = Date.now();
      try {
        const said = await run();
        passed++;
        console.log(`ok    ${name}${said ? `: ${said}` : ""} (${Date.now() - began} ms)`);
        return true;
      } catch (error) {
        failed++;
        const lines = String(error.message ?? error).split("\n");
        console.log(`FAIL  ${name}\n      ${lines.slice(0, 6).join("\n      ")}`);
        return false;
      }
    },
    get count() {
      return passed + failed;
    },
    /** The last line, and the exit code. Where nothing was tried, a word was misspelt. */
    finish() {
      if (passed + failed === 0) console.log("FAIL  there is nothing of that name");
      console.log(`${passed} passed, ${failed} failed`);
      process.exit(failed > 0 || passed === 0 ? 1 : 0);
    },
  };
}
