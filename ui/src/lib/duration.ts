/** A span of time, as exact as it matters: 0.4 s, 12 s, 3 min 5 s. */
import { i18n } from "@lingui/core";
import { t } from "@lingui/core/macro";

export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) {
    const short = i18n.number(seconds, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    return t`${short} s`;
  }
  return wholeDuration(milliseconds);
}

/** In whole seconds, for a count that runs. */
export function wholeDuration(milliseconds: number): string {
  const whole = Math.round(milliseconds / 1000);
  if (whole < 60) return t`${i18n.number(whole)} s`;
  return t`${i18n.number(Math.floor(whole / 60))} min ${whole % 60} s`;
}
