/** Numbers of a limit as they are typed, in the language's own way of writing decimals. */

/** What stands in the field at first. */
export function writeAmount(value: number, unit: number | undefined, locale: string): string {
  const format = new Intl.NumberFormat(locale, { useGrouping: false, maximumFractionDigits: 3 });
  return format.format(value / (unit ?? 1));
}

/** What was typed, in bytes where it has a unit; null where it is no number. */
export function readAmount(typed: string, unit: number | undefined, locale: string): number | null {
  const parts = new Intl.NumberFormat(locale).formatToParts(1234.5);
  const mark = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  const text = typed.replace(/\s/g, "");
  // A mark that groups three digits at a time is left out; any other begins the decimals.
  const grouped = new RegExp(`^\\d{1,3}(\\${mark("group") || " "}\\d{3})+$`);
  const plain = grouped.test(text)
    ? text.replaceAll(mark("group"), "")
    : text.replace(mark("decimal"), ".");
  if (!/^\d+(\.\d+)?$/.test(plain)) return null;
  const value = Number(plain) * (unit ?? 1);
  if (unit === undefined && !Number.isInteger(value)) return null;
  return Number.isSafeInteger(Math.round(value)) ? Math.round(value) : null;
}
