import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

/** Licences that ask for no more than their text to be kept. What is only used for building has a list of its own, in scripts/licenses.mjs. */
const allowed = ["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "0BSD", "Unlicense"];

/** Packages that say it in their licence's text alone. */
const unsaid: Record<string, string> = { khroma: "MIT" };

type Package = { name: string; version: string; license?: string; folder: string };

function packageOf(id: string): Package | undefined {
  if (!id.includes("/node_modules/")) return undefined;
  let folder = dirname(id.replace(/^\0/, "").replace(/\?.*$/, ""));
  while (folder.includes("/node_modules/")) {
    const file = join(folder, "package.json");
    const said = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
    if (said.name && said.version) return { ...said, folder };
    folder = dirname(folder);
  }
  return undefined;
}

function describe({ name, version, license = unsaid[name], folder }: Package): string {
  const choices = license?.replace(/[()]/g, "").split(" OR ") ?? [];
  if (!choices.some((choice) => allowed.includes(choice))) {
    throw new Error(
      `${name} would be shipped under ${license}, which is not among the licences that may be`,
    );
  }
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8").trim());
  const rule = "-".repeat(80);
  return `${rule}\n${name} ${version} (${license})\n${rule}\n\n${texts.join("\n\n") || textless(choices)}\n`;
}

/** In front of this list stands our own licence, which is MIT's. */
function textless(choices: string[]): string {
  const mit = " The terms of the MIT licence are those at the top of this file.";
  return `Its package has no text of the licence.${choices.includes("MIT") ? mit : ""}`;
}

/**
 * Writes what is in the page of others, with the notices that they ask to be kept, beside the page. `build.rs` adds those of
 * the server. Give one to the page and one to its workers, which are built apart.
 */
export function thirdParty(): { page: Plugin; worker: () => Plugin[] } {
  const found = new Map<string, Package>();
  const look: Plugin["generateBundle"] = (_, bundle) => {
    for (const chunk of Object.values(bundle)) {
      for (const id of chunk.type === "chunk" ? chunk.moduleIds : []) {
        const known = packageOf(id);
        if (known) found.set(`${known.name} ${known.version}`, known);
      }
    }
  };
  let folder = "dist";
  return {
    page: {
      name: "third-party",
      apply: "build",
      configResolved: (config) => {
        folder = join(config.root, config.build.outDir);
      },
      generateBundle: look,
      writeBundle: () => {
        const names = [...found.keys()].sort();
        writeFileSync(
          join(folder, "licenses.txt"),
          names.map((name) => describe(found.get(name) as Package)).join("\n"),
        );
      },
    },
    worker: () => [{ name: "third-party-worker", apply: "build", generateBundle: look }],
  };
}
