/** Fails when the script of the chat's first screen outgrows its budget. Run after a build. */
import { readFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";

const budget = 150 * 1024;
const dist = new URL("../dist/", import.meta.url);
const html = readFileSync(new URL("index.html", dist), "utf8");

// What the page itself asks for, and what those files import before they run.
const wanted = new Set(
  [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map(([, path]) => path),
);
for (const path of wanted) {
  if (!path.endsWith(".js")) continue;
  const code = readFileSync(new URL(path, dist), "utf8");
  for (const [, name] of code.matchAll(/(?:from|import)"\.\/([^"]+\.js)"/g)) {
    wanted.add(`assets/${name}`);
  }
}

let script = 0;
for (const path of wanted) {
  const size = brotliCompressSync(readFileSync(new URL(path, dist))).length;
  if (path.endsWith(".js")) script += size;
  console.log(`${(size / 1024).toFixed(1).padStart(7)} KB  ${path}`);
}
if (script === 0) throw new Error("no script was found in the built page: has its form changed?");
const line = `${(script / 1024).toFixed(1)} KB of script (brotli); the budget is ${budget / 1024} KB`;
if (script > budget) {
  console.error(`${line}: too much`);
  process.exit(1);
}
console.log(line);
