import { join } from "node:path";
import { msg } from "@lingui/core/macro";
import { expect, test } from "vitest";
import { importedFrom, saidBy } from "./first-words.ts";

const root = import.meta.dirname;
const first = importedFrom(join(root, "src/main.tsx"));

test("what the page begins with is told from what is loaded later", () => {
  expect(first).toContain(join(root, "src/features/chat/chat-page.tsx"));
  expect(first).not.toContain(join(root, "src/app/keyboard-help.tsx"));
});

test("a text is among the first words where something of the first screen says it", async () => {
  const isFirst = await saidBy(first, root);
  expect(isFirst(msg`Ask anything`.id)).toBe(true);
  // Both the menu of the first screen and the list that it opens say this.
  expect(isFirst(msg`Keyboard shortcuts`.id)).toBe(true);
  expect(isFirst(msg`Go to the message box`.id)).toBe(false);
});
