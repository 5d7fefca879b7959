import { lingui } from "@lingui/vite-plugin";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { wordsOfFirstScreen } from "./first-words.ts";
import { thirdParty } from "./third-party.ts";

/** Every browser that can run this page reads woff2: KaTeX's other two formats are 800 KB nobody asks for. */
function woff2Only(): Plugin {
  return {
    name: "woff2-only",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("katex.min.css")) return null;
      return code.replace(/,\s*url\([^)]*\.(?:woff|ttf)\)\s*format\("[^"]+"\)/g, "");
    },
  };
}

/**
 * A style sheet that is shared with a part loaded later is a file of its own, which may stand before
 * the one with the order of the layers: each begins with it.
 */
function layersFirst(): Plugin {
  return {
    name: "layers-first",
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== "asset" || !file.fileName.endsWith(".css")) continue;
        file.source = `@layer reset,tokens,base,components;${file.source}`;
      }
    },
  };
}

const notices = thirdParty();
const firstWords = wordsOfFirstScreen();

export default defineConfig({
  plugins: [
    notices.page,
    // Before the texts are taken out of the code, and behind the catalogs.
    firstWords.ask,
    woff2Only(),
    layersFirst(),
    react({ babel: { plugins: ["@lingui/babel-plugin-lingui-macro"] } }),
    lingui({ failOnMissing: true }),
    firstWords.part,
  ],
  build: {
    target: ["chrome123", "firefox125", "safari17.5"],
    // Fonts as data: URLs would be refused by the content policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ["index.html", "diagrams.html"] },
    reportCompressedSize: false,
  },
  worker: { format: "es", plugins: notices.worker },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8080", ws: true } } },
  test: {
    environment: "happy-dom",
    setupFiles: ["src/test/setup.ts"],
    restoreMocks: true,
    // Made-up inputs by the hundred take seconds on a machine that does something else too.
    testTimeout: 30_000,
    css: { modules: { classNameStrategy: "non-scoped" } },
  },
});
