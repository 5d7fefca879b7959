/** Where to go after signing in: back to the page that asked for it, and nowhere outside. */
export function comingFrom(state: unknown): string {
  const from = (state as { from?: unknown } | null)?.from;
  return typeof from === "string" && /^\/(?!\/)/.test(from) ? from : "/";
}
