import { expect, test } from "vitest";
import { sayBytes } from "./size";

test("bytes are said as people say them, and never as more than they are", () => {
  const said = [0, 1023, 1024, 1500, 1_048_575, 1_048_576, 1_600_000, 1 << 30, 3 * 2 ** 39];
  expect(said.map((bytes) => sayBytes(bytes, "en"))).toEqual([
    "0 B",
    "1,023 B",
    "1 KB",
    "1.4 KB",
    "1,023 KB",
    "1 MB",
    "1.5 MB",
    "1 GB",
    "1.5 TB",
  ]);
  expect(sayBytes(1500, "de")).toBe("1,4 KB");
});
