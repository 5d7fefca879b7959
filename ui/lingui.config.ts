import { defineConfig } from "@lingui/conf";
import { formatter } from "@lingui/format-po";

export default defineConfig({
  sourceLocale: "en",
  locales: ["en", "de"],
  catalogs: [
    { path: "<rootDir>/src/locales/{locale}", include: ["src"], exclude: ["**/*.test.tsx"] },
  ],
  // Ours, which never looks into names for the places of elements.
  runtimeConfigModule: { Trans: ["#trans", "Trans"] },
  // Without line numbers, so that moving code does not change the catalogs.
  format: formatter({ lineNumbers: false }),
});
