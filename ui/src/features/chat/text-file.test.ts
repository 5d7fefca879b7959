import { expect, test } from "vitest";
import { quoted, readTextFile } from "./text-file";

const file = (part: BlobPart, name = "notes.txt", type = "") => new File([part], name, { type });

test("a text is known by what is in it, whatever its kind", async () => {
  expect(await readTextFile(file("fn main() {}\n", "main.rs"))).toBe("fn main() {}\n");
  expect(await readTextFile(file("größer, 你好", "a.csv", "text/csv"))).toBe("größer, 你好");
});

test.each([
  ["nothing", ""],
  ["bytes that are no text", new Uint8Array([0xff, 0xfe, 0x00, 0x41])],
  ["control characters", "PK\u0003\u0004 and more"],
  ["too much", "a".repeat(64 * 1024 + 1)],
])("%s is no text for a question", async (_, content) => {
  expect(await readTextFile(file(content))).toBeNull();
});

test("a PDF is none, even of letters alone", async () => {
  expect(await readTextFile(file("%PDF-1.4", "a.pdf", "application/pdf"))).toBeNull();
});

test("a text stands below its name, between fences longer than its own", () => {
  expect(quoted("main.RS", "fn main() {}\r\n\n")).toBe("main.RS:\n\n```rs\nfn main() {}\n```");
  expect(quoted("Makefile", "````\na\n````")).toBe("Makefile:\n\n`````\n````\na\n````\n`````");
});
