/** As high as its text; the style sheet says how high that may be. */
export function fitToText(area: HTMLTextAreaElement | null): void {
  if (!area) return;
  area.style.height = "auto";
  if (area.value) area.style.height = `${area.scrollHeight}px`;
}
