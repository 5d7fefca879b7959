/** The installed Chromium, quiet and offline but for the page under test. */
import { chromium } from "playwright-core";

export function chromiumOptions(more = []) {
  return {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...more,
    ],
  };
}

export function openBrowser() {
  return chromium.launch(chromiumOptions());
}
