/** What a browser says of itself, as a person would call it: "Firefox on Windows". */

export type DeviceKind = "computer" | "phone" | "tablet";

export interface Device {
  /** `null` where it is none that is known. */
  browser: string | null;
  system: string | null;
  kind: DeviceKind;
}

/** In this order, because most of them also claim to be those below. */
const browsers: [RegExp, string][] = [
  [/\bEdg(?:A|iOS)?\//, "Edge"],
  [/\bOPR\/|\bOPT\//, "Opera"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bDuckDuckGo\/|\bDdg\//, "DuckDuckGo"],
  [/\bFxiOS\/|\bFirefox\//, "Firefox"],
  [/\bCriOS\/|\bChrome\/|\bHeadlessChrome\//, "Chrome"],
  [/\bChromium\//, "Chromium"],
  [/\bSafari\//, "Safari"],
  [/^curl\//, "curl"],
];

const systems: [RegExp, string, DeviceKind][] = [
  [/\biPhone\b/, "iPhone", "phone"],
  [/\biPad\b/, "iPad", "tablet"],
  [/\bAndroid\b.*\bMobile\b/, "Android", "phone"],
  [/\bAndroid\b/, "Android", "tablet"],
  [/\bCrOS\b/, "ChromeOS", "computer"],
  [/\bWindows\b/, "Windows", "computer"],
  [/\bMac(?:intosh|OS)\b|\bMac OS X\b/, "Mac", "computer"],
  [/\bLinux\b|\bX11\b/, "Linux", "computer"],
];

export function deviceOf(userAgent: string | null | undefined): Device {
  const said = userAgent ?? "";
  const browser = browsers.find(([pattern]) => pattern.test(said))?.[1] ?? null;
  const [, system = null, kind = "computer"] =
    systems.find(([pattern]) => pattern.test(said)) ?? [];
  return { browser, system, kind };
}
