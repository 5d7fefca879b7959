/** Numbers of bytes as people say them. */

const units = [
  [1024 ** 4, "TB"],
  [1024 ** 3, "GB"],
  [1024 ** 2, "MB"],
  [1024, "KB"],
] as const;

/** Such as “1.5 MB”: in steps of 1024, with a decimal where that tells something. */
export function sayBytes(bytes: number, locale: string): string {
  const [unit, name] = units.find(([size]) => bytes >= size) ?? [1, "B"];
  const amount = bytes / unit;
  // Never rounded up to what is not there.
  const shown = amount < 10 ? Math.floor(amount * 10) / 10 : Math.floor(amount);
  return `${new Intl.NumberFormat(locale).format(shown)} ${name}`;
}
