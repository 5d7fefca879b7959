/**
 * Fails when a package of the lock file comes under a licence that is not among these. What ends up in the page is held to a
 * shorter list when it is built, in third-party.ts; what is here is used for building and testing as well.
 */
import { readFileSync } from "node:fs";

const allowed = new Set([
  "MIT",
  "ISC",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "0BSD",
  "Unlicense",
  "CC0-1.0",
  "Python-2.0",
  "MPL-2.0",
  "CC-BY-4.0",
]);

/** Those that say nothing in the lock file, by their licences' texts; and a text that is only read by a test. */
const known = {
  "cli-table": "MIT",
  khroma: "MIT",
  "parse-cache-control": "BSD-3-Clause",
  "commonmark-spec": "allowed: its examples are read by a test of ours",
};

const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"));
const packages = Object.entries(lock.packages).filter(([path]) => path !== "");
const wrong = packages.filter(([path, { license }]) => {
  const name = path.split("node_modules/").pop();
  const said = known[name] ?? license ?? "";
  if (said.startsWith("allowed: ")) return false;
  return !said
    .replace(/[()]/g, "")
    .split(" OR ")
    .some((choice) => allowed.has(choice));
});
for (const [path, { license }] of wrong) console.error(`${path}: ${license ?? "no licence"}`);
console.log(
  `${packages.length} packages, ${wrong.length} of them under a licence that is not allowed`,
);
process.exit(wrong.length > 0 || packages.length < 100 ? 1 : 0);
