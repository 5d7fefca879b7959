/** A moment as a clock shows it: to the second where it is near, with the day where it is another. */
import { i18n } from "@lingui/core";

export function clockTime(at: number, now = Date.now()): string {
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
  return i18n.date(new Date(at), {
    hour: "numeric",
    minute: "2-digit",
    ...(at - now < 120_000 ? { second: "2-digit" } : {}),
    ...(sameDay ? {} : { weekday: "long" }),
  });
}
