import { expect, test } from "vitest";
import { readAmount, readNumber, writeAmount, writeNumber } from "./amount";

const MB = 1024 ** 2;

test("what is shown is read back as what it was", () => {
  for (const locale of ["en", "de"]) {
    for (const value of [0, 1, 60, 1_000_000]) {
      expect(readAmount(writeAmount(value, undefined, locale), undefined, locale)).toBe(value);
    }
    for (const value of [0, MB, 1.5 * MB, 1024 * MB]) {
      expect(readAmount(writeAmount(value, MB, locale), MB, locale)).toBe(value);
    }
  }
});

test("numbers are read as the language writes them", () => {
  expect(readAmount("1,000", undefined, "en")).toBe(1000);
  expect(readAmount("1.000", undefined, "de")).toBe(1000);
  expect(readAmount("1.5", MB, "en")).toBe(1.5 * MB);
  expect(readAmount("1,5", MB, "de")).toBe(1.5 * MB);
  expect(readAmount(" 1 000 ", undefined, "en")).toBe(1000);
});

test("what is no number is none", () => {
  for (const typed of ["", "many", "-1", "1e9", "1.5", "0x10", "9".repeat(20), "1,00"]) {
    expect(readAmount(typed, undefined, "en")).toBeNull();
  }
});

test("a share is no number of thousands, whoever wrote it", () => {
  expect(readNumber("0.125", "en")).toBe(0.125);
  expect(readNumber("0.125", "de")).toBe(0.125);
  expect(readNumber("0,125", "de")).toBe(0.125);
  expect(readNumber(".5", "en")).toBe(0.5);
  expect(readNumber("1,000", "en")).toBe(1000);
});

test("nothing of a number is lost by showing it", () => {
  for (const locale of ["en", "de"]) {
    for (const value of [0, 0.1, 0.7, 0.123456, 1e-7, 1.125, 10_000_000]) {
      expect(readNumber(writeNumber(value, locale), locale)).toBe(value);
    }
  }
});
