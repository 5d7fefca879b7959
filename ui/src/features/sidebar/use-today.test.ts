import { act, fireEvent, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useToday } from "./use-today";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(2026, 2, 30, 23, 59) });
});
afterEach(() => vi.useRealTimers());

test("a page that stands still past midnight finds itself in the next day", () => {
  const { result } = renderHook(() => useToday());
  const first = result.current;
  expect(first).toEqual(new Date(2026, 2, 30));
  act(() => vi.advanceTimersByTime(30_000));
  expect(result.current).toBe(first);
  act(() => vi.advanceTimersByTime(31_000));
  expect(result.current).toEqual(new Date(2026, 2, 31));
  act(() => vi.advanceTimersByTime(24 * 3_600_000));
  expect(result.current).toEqual(new Date(2026, 3, 1));
});

test("so does one whose machine slept through it, once it is looked at", () => {
  const { result } = renderHook(() => useToday());
  vi.setSystemTime(new Date(2026, 2, 31, 8));
  act(() => void fireEvent(document, new Event("visibilitychange")));
  expect(result.current).toEqual(new Date(2026, 2, 31));
});
