/** A text file, as a part of a question. */

const most = 64 * 1024;

/** Its text; `null` when it has none, or more than a question should hold. */
export async function readTextFile(file: File): Promise<string | null> {
  if (file.size === 0 || file.size > most || file.type === "application/pdf") return null;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are in no text.
    return /[\u0000-\u0008\u000e-\u001a]/.test(text) ? null : text;
  } catch {
    // Something else, or a folder.
    return null;
  }
}

/** Its name, and below it what it says, between fences that are longer than any in it. */
export function quoted(name: string, text: string): string {
  const runs = text.match(/`{3,}/g) ?? [];
  const fence = "`".repeat(Math.max(3, ...runs.map(({ length }) => length + 1)));
  const language = name.match(/\.(\w+)$/)?.[1]?.toLowerCase() ?? "";
  return `${name}:\n\n${fence}${language}\n${text.replace(/\r\n?/g, "\n").replace(/\n+$/, "")}\n${fence}`;
}
