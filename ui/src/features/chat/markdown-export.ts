/** A conversation as Markdown, for a file or for pasting elsewhere. */
import type { Message } from "../../api/client";

export interface ExportWords {
  question: string;
  answer: (model: string | null) => string;
  image: (name: string) => string;
}

export function toMarkdown(name: string, messages: Message[], words: ExportWords): string {
  const parts = messages
    .filter(({ content, attachments }) => content.trim() !== "" || attachments.length > 0)
    .map(({ role, model, content, attachments }) => {
      const heading = role === "user" ? words.question : words.answer(model ?? null);
      // Nothing outside could show them.
      const images = attachments.map(({ name }) => `*[${escaped(words.image(name))}]*`);
      const body = [...images, content.trim()].filter(Boolean).join("\n\n");
      return `## ${heading}\n\n${body}\n`;
    });
  return [`# ${name}\n`, ...parts].join("\n");
}

/** As text, whatever it means in Markdown. */
function escaped(name: string): string {
  return name.replace(/[\\*_[\]<>`]/g, "\\$&").replace(/\s+/g, " ");
}

/** What every system takes as the name of a file. */
export function fileName(name: string): string {
  const safe = name
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be in it.
    .replace(/[\u0000-\u001f<>:"/\\|?*]+/g, " ")
    .replace(/\s+/g, " ")
    .replace(/^[\s.]+|[\s.]+$/g, "")
    .slice(0, 80);
  return `${safe || "conversation"}.md`;
}
