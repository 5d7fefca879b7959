/** Where a popover goes: beside its button, and always on screen. */

export type Side = "below" | "above";
export type Align = "start" | "end";

export function placeBeside(from: DOMRect, panel: HTMLElement, side: Side, align: Align): void {
  const rtl = getComputedStyle(panel).direction === "rtl";
  const atStart = (align === "start") !== rtl;
  const left = atStart ? from.left : from.right - panel.offsetWidth;
  const above = from.top - panel.offsetHeight - 6;
  const below = from.bottom + 6;
  const fitsBelow = below + panel.offsetHeight <= innerHeight - 8;
  const top = (side === "above" && above >= 8) || !fitsBelow ? Math.max(8, above) : below;
  panel.style.left = `${Math.max(8, Math.min(left, innerWidth - panel.offsetWidth - 8))}px`;
  panel.style.top = `${top}px`;
}
