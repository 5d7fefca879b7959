/** How long ago something was, in the reader's language. */
import { i18n } from "@lingui/core";

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

export function timeAgo(time: string, now = Date.now()): string {
  const then = Date.parse(time);
  const seconds = Math.max(0, (now - then) / 1000);
  const [unit, length] = units.find(([, size]) => seconds >= size) ?? ["second", 1];
  // "now" and "yesterday" have words; "last week" would be wrong for most of what is a week ago.
  const numeric = unit === "second" || unit === "day" ? "auto" : "always";
  const format = new Intl.RelativeTimeFormat(i18n.locale, { numeric });
  if (unit === "second") return format.format(0, unit);
  const many = unit === "day" ? nightsBetween(then, now) : Math.floor(seconds / length);
  return format.format(-many, unit);
}

/** Yesterday is the day before, however many hours ago. */
function nightsBetween(from: number, to: number): number {
  const midnight = (time: number) => new Date(time).setHours(0, 0, 0, 0);
  return Math.round((midnight(to) - midnight(from)) / 86_400_000);
}
