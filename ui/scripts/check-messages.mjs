/** Fails when a text of the page is missing from the catalogs, or from its translation. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../src/locales/", import.meta.url);
const root = new URL("../", import.meta.url);
const catalogs = ["en", "de"].map((language) => new URL(`${language}.po`, folder));
const before = catalogs.map((file) => readFileSync(file, "utf8"));

execFileSync("npx", ["lingui", "extract", "--clean"], { cwd: root, stdio: "pipe" });
const after = catalogs.map((file) => readFileSync(file, "utf8"));
catalogs.forEach((file, at) => {
  writeFileSync(file, before[at]);
});

const texts = (po) => [...po.matchAll(/^msgid "(.+)"$/gm)].map(([, id]) => id).sort();
const untranslated = [...after[1].matchAll(/^msgid "(.+)"\nmsgstr ""$/gm)].map(([, id]) => id);
if (texts(before[0]).join("\n") !== texts(after[0]).join("\n")) {
  console.error("the catalogs are behind the code: run `npm run messages`");
  process.exitCode = 1;
}
if (untranslated.length > 0) {
  console.error(`not translated in de.po:\n  ${untranslated.join("\n  ")}`);
  process.exitCode = 1;
}
