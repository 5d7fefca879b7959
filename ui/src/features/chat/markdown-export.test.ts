import { expect, test } from "vitest";
import type { Message } from "../../api/client";
import { fileName, toMarkdown } from "./markdown-export";

const words = {
  question: "Question",
  answer: (model: string | null) => (model ? `Answer (${model})` : "Answer"),
  image: (name: string) => `Image: ${name}`,
};
const message = (role: Message["role"], content: string, model: string | null = null) =>
  ({ role, content, model, attachments: [] }) as unknown as Message;

test("a conversation becomes Markdown in reading order, and its own Markdown stays as it is", () => {
  const messages = [
    message("user", "Why?\n"),
    message("assistant", "# Because\n\n- of *that*", "demo"),
    message("user", "And?"),
    message("assistant", ""),
  ];
  expect(toMarkdown("Causes", messages, words)).toBe(
    "# Causes\n\n## Question\n\nWhy?\n\n## Answer (demo)\n\n# Because\n\n- of *that*\n\n## Question\n\nAnd?\n",
  );
});

test("its images are named, because nothing outside could show them", () => {
  const attachments = [{ name: "a [draft]_1.png" }, { name: "towers.jpg" }];
  const question = { ...message("user", "Which?"), attachments } as Message;
  expect(toMarkdown("Towers", [question], words)).toBe(
    "# Towers\n\n## Question\n\n*[Image: a \\[draft\\]\\_1.png]*\n\n*[Image: towers.jpg]*\n\nWhich?\n",
  );
});

test("a question of images alone is a question too", () => {
  const question = { ...message("user", ""), attachments: [{ name: "towers.jpg" }] } as Message;
  expect(toMarkdown("Towers", [question], words)).toBe(
    "# Towers\n\n## Question\n\n*[Image: towers.jpg]*\n",
  );
});

test.each([
  ["Bridges & wind", "Bridges & wind.md"],
  ["a/b\\c: d?", "a b c d.md"],
  ["..", "conversation.md"],
  ["", "conversation.md"],
  ["ü".repeat(200), `${"ü".repeat(80)}.md`],
])("%j is saved as %j", (name, file) => {
  expect(fileName(name)).toBe(file);
});
