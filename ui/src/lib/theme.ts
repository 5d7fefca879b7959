/** Light, dark, or as the system says. A plain cookie, so that the server can paint it at once. */

import { useSyncExternalStore } from "react";
import { useMedia } from "./media";

export type Theme = "light" | "dark" | "system";

const grounds = { light: "#faf7f1", dark: "#1b1815" };

export function currentTheme(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === "light" || theme === "dark" ? theme : "system";
}

export function setTheme(theme: Theme): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing over plain http.
  document.cookie = `theme=${theme}; Path=/; SameSite=Lax; Max-Age=31536000`;
  document.documentElement.dataset.theme = theme;
  paintBrowserBar(theme);
}

/** Which of the two is on screen, now and from now on. */
export function useTheme(): "light" | "dark" {
  const dark = useMedia("(prefers-color-scheme: dark)");
  const chosen = useSyncExternalStore(watchChoice, currentTheme);
  if (chosen !== "system") return chosen;
  return dark ? "dark" : "light";
}

function watchChoice(listener: () => void): () => void {
  const watcher = new MutationObserver(listener);
  watcher.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => watcher.disconnect();
}

/** The colour of the browser's own bar follows the page, not only the system. */
export function paintBrowserBar(theme: Theme): void {
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const own = meta.media.includes("dark") ? "dark" : "light";
    meta.content = grounds[theme === "system" ? own : theme];
  }
}
