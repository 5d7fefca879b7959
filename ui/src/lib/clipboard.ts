/** Copies text; over plain http `navigator.clipboard` is missing and the old way still works. */
export async function copyText(text: string): Promise<boolean> {
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // Refused (no focus, no permission): try the old way.
  }
  const area = document.createElement("textarea");
  const focused = document.activeElement;
  area.value = text;
  area.readOnly = true;
  area.style.position = "fixed";
  area.style.opacity = "0";
  // Inside an open modal dialog everything else is inert, and an inert text cannot be selected.
  (document.querySelector("dialog:modal") ?? document.body).append(area);
  area.select();
  let copied = false;
  try {
    copied = document.execCommand("copy");
  } catch {
    // Nothing else is left to try.
  }
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}
