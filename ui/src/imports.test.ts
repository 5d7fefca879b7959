/** Holds the layers: app → features → api, components, lib; features never import features. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname);
const allowed: Record<string, string[]> = {
  app: ["app", "features", "api", "components", "lib", "locales"],
  features: ["api", "components", "lib"],
  api: ["api", "lib"],
  components: ["components", "lib"],
  lib: ["lib", "locales"],
};

const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
  (name) => /\.tsx?$/.test(name) && !name.includes(".test."),
);

function importsOf(file: string): string[] {
  const code = readFileSync(join(root, file), "utf8");
  const found = code.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return [...found].map(([, path]) => relative(root, resolve(root, dirname(file), path as string)));
}

/** "features/chat" for what lies in a feature, else the first folder. */
function home(path: string): string {
  return path
    .split("/")
    .slice(0, path.startsWith("features/") ? 2 : 1)
    .join("/");
}

test("imports point down the layers, and no feature imports another", () => {
  const wrong: string[] = [];
  for (const file of files) {
    const layer = file.split("/")[0] as string;
    for (const target of importsOf(file)) {
      const own = home(file) === home(target);
      const down = allowed[layer]?.includes(target.split("/")[0] as string) ?? true;
      if (!own && !down) wrong.push(`${file} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("the scan sees the imports it judges", () => {
  expect(importsOf("app/app.tsx")).toContain("features/auth/login-page");
  expect(files.length).toBeGreaterThan(50);
});

test("no file outgrows one sitting", () => {
  const long = files
    .filter((file) => !file.endsWith("schema.ts"))
    .map((file) => [file, readFileSync(join(root, file), "utf8").split("\n").length] as const)
    .filter(([, lines]) => lines > 320);
  expect(long).toEqual([]);
});
