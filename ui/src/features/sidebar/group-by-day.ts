/** Puts conversations under Today, Yesterday, Previous 7 days, and the months before. */

export type Day =
  | { kind: "today" | "yesterday" | "week" }
  | { kind: "month"; year: number; month: number };

export interface Group<T> {
  key: string;
  day: Day;
  items: T[];
}

export function groupByDay<T extends { updated_at: string }>(items: T[], now: Date): Group<T>[] {
  const groups = new Map<string, Group<T>>();
  for (const item of items) {
    const day = dayOf(new Date(item.updated_at), now);
    const key = day.kind === "month" ? `${day.year}-${day.month}` : day.kind;
    const group = groups.get(key);
    if (group) group.items.push(item);
    else groups.set(key, { key, day, items: [item] });
  }
  return [...groups.values()];
}

function dayOf(time: Date, now: Date): Day {
  const ago = daysBetween(time, now);
  if (ago <= 0) return { kind: "today" };
  if (ago === 1) return { kind: "yesterday" };
  if (ago <= 7) return { kind: "week" };
  return { kind: "month", year: time.getFullYear(), month: time.getMonth() };
}

/** Calendar days, not times of 24 hours: a day of a clock change has 23 or 25. */
function daysBetween(earlier: Date, later: Date): number {
  const midnight = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((midnight(later) - midnight(earlier)) / 86_400_000);
}
