/** Where a popover goes: beside its button, and always on screen. */

export type Side = "below" | "above";
export type Align = "start" | "end";

const gap = 6;
/** With so much room a long list is scrolled rather than put on the other side; in px. */
const enough = 280;

export function placeBeside(from: DOMRect, panel: HTMLElement, side: Side, align: Align): void {
  const rtl = getComputedStyle(panel).direction === "rtl";
  const atStart = (align === "start") !== rtl;
  const left = atStart ? from.left : from.right - panel.offsetWidth;
  panel.style.left = `${Math.max(8, Math.min(left, innerWidth - panel.offsetWidth - 8))}px`;

  panel.style.height = "";
  const height = panel.offsetHeight;
  const room = { above: from.top - gap - 8, below: innerHeight - from.bottom - gap - 8 };
  const other = side === "above" ? "below" : "above";
  const fits = room[side] >= Math.min(height, enough) || room[side] >= room[other];
  const chosen = fits ? side : other;
  const shown = Math.min(height, room[chosen]);
  // It would cover its own button otherwise.
  if (shown < height) panel.style.height = `${shown}px`;
  panel.style.top = `${chosen === "above" ? from.top - gap - shown : from.bottom + gap}px`;
}
