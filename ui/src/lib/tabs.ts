/** What all tabs of this browser must hear at once. */

type Word = { type: "signed_out" } | { type: "signed_in"; userId: string };

const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("loquat");

export function tellTabs(word: Word): void {
  channel?.postMessage(word);
}

export function hearTabs(listener: (word: Word) => void): () => void {
  if (!channel) return () => {};
  const hear = (event: MessageEvent<Word>) => listener(event.data);
  channel.addEventListener("message", hear);
  return () => channel.removeEventListener("message", hear);
}
