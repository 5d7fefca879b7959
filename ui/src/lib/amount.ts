/** Numbers as they are typed and shown in fields, in the language's own way of writing decimals. */

/** All of a number, without marks between its thousands. */
export function writeNumber(value: number, locale: string): string {
  const format = { useGrouping: false, maximumFractionDigits: 20 };
  return new Intl.NumberFormat(locale, format).format(value);
}

/** What was typed; null where it is no number from 0 on. */
export function readNumber(typed: string, locale: string): number | null {
  const parts = new Intl.NumberFormat(locale).formatToParts(1234.5);
  const mark = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  const text = typed.replace(/\s/g, "");
  // A mark that groups three digits at a time is left out; any other begins the decimals.
  const grouped = new RegExp(`^[1-9]\\d{0,2}(\\${mark("group") || " "}\\d{3})+$`);
  const plain = grouped.test(text)
    ? text.replaceAll(mark("group"), "")
    : text.replace(mark("decimal"), ".");
  return /^\d*\.?\d+$/.test(plain) ? Number(plain) : null;
}

/** What stands in a limit's field at first. */
export function writeAmount(value: number, unit: number | undefined, locale: string): string {
  const format = new Intl.NumberFormat(locale, { useGrouping: false, maximumFractionDigits: 3 });
  return format.format(value / (unit ?? 1));
}

/** What was typed as a limit, in bytes where it has a unit; null where it is no number. */
export function readAmount(typed: string, unit: number | undefined, locale: string): number | null {
  const read = readNumber(typed, locale);
  if (read === null) return null;
  const value = read * (unit ?? 1);
  if (unit === undefined && !Number.isInteger(value)) return null;
  return Number.isSafeInteger(Math.round(value)) ? Math.round(value) : null;
}
