import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { formatter } from "@lingui/format-po";
import type { Plugin } from "vite";

/** English, which is in the page itself: other languages are files of their own already. */
const english = "src/locales/en.po";
/** Not a file: with it `english` takes in what is said by what is loaded later. */
const others = "\0other-words";

/**
 * Every module that `entry` imports before it runs. One that is missed costs room, and nothing else:
 * it then brings all words with it, as what is loaded later does.
 */
export function importedFrom(entry: string, found = new Set<string>()): Set<string> {
  found.add(entry);
  const code = readFileSync(entry, "utf8");
  const statements = code.matchAll(/^(?:import|export)\s(?!type\s)[^;"]*?"([^"]+)"/gm);
  for (const [, path = ""] of statements) {
    if (!path.startsWith(".")) continue;
    const target = join(dirname(entry), path);
    const file = [`${target}.ts`, `${target}.tsx`, target].find(
      (name) => existsSync(name) && statSync(name).isFile(),
    );
    if (file && /\.tsx?$/.test(file) && !found.has(file)) importedFrom(file, found);
  }
  return found;
}

/** Whether each text, by its id, is said by one of the modules `first`. */
export async function saidBy(first: Set<string>, root: string): Promise<(id: string) => boolean> {
  const file = join(root, english);
  const known = { locale: "en", sourceLocale: "en", filename: file };
  const texts = await formatter().parse(readFileSync(file, "utf8"), known);
  return (id) => texts[id]?.origin?.some(([name]) => first.has(join(root, name.trim()))) ?? false;
}

/**
 * Leaves in the page's first script only the words of what is in it. Each module that is loaded
 * later imports the others before it runs, so that no text is ever missing. Two plugins: the one
 * sees the code as it is written, the other the catalog when it is compiled.
 */
export function wordsOfFirstScreen(): { ask: Plugin; part: Plugin } {
  let root = "";
  let first = new Set<string>();
  const ask: Plugin = {
    name: "first-words-ask",
    apply: "build",
    enforce: "pre",
    configResolved: (config) => {
      root = config.root;
    },
    buildStart: () => {
      first = importedFrom(join(root, "src/main.tsx"));
    },
    resolveId: (id) => (id === others ? id : null),
    load: (id) =>
      id === others
        ? `import { messages } from "/${english}";
           import { messages as later } from "/${english}?lingui";
           Object.assign(messages, later);`
        : null,
    transform(code, id) {
      const speaks = /@lingui\/(?:core|react)\/macro/.test(code);
      if (!speaks || first.has(id) || id.includes("node_modules")) return null;
      return { code: `${code}\nimport ${JSON.stringify(others)};`, map: null };
    },
    generateBundle(_, bundle) {
      const asked = Object.values(bundle).some(
        (chunk) => chunk.type === "chunk" && chunk.moduleIds.includes(others),
      );
      if (!asked) this.error("nothing asks for the words of what is loaded later");
    },
  };
  const part: Plugin = {
    name: "first-words-part",
    apply: "build",
    async transform(code, id) {
      const [file = "", query] = id.split("?");
      if (relative(root, file) !== english) return null;
      const isFirst = await saidBy(first, root);
      const all: string = code.match(/JSON\.parse\(("(?:[^"\\]|\\.)*")\)/)?.[1] ?? "";
      const kept = Object.entries(JSON.parse(JSON.parse(all))).filter(
        ([text]) => isFirst(text) === (query === undefined),
      );
      const json = JSON.stringify(JSON.stringify(Object.fromEntries(kept)));
      return { code: `export const messages = JSON.parse(${json});`, map: null };
    },
  };
  return { ask, part };
}
