import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { I18n } from "../../test/i18n";
import { HoldContext } from "./hold-context";
import { Reasoning } from "./reasoning";
import type { Times } from "./times";

beforeEach(() => vi.useFakeTimers({ now: 100_000 }));
afterEach(() => vi.useRealTimers());

const show = (thinking: boolean, times: Times) =>
  render(<Reasoning text="Hm." thinking={thinking} times={times} />, { wrapper: I18n });

test("the time it thinks is counted, second by second", () => {
  show(true, { thought: 100_000 });
  expect(screen.getByText("Thinking…")).toBeTruthy();
  act(() => vi.advanceTimersByTime(12_000));
  expect(screen.getByText("Thinking for 12 s")).toBeTruthy();
});

test.each([
  [{ thought: 0, spoke: 12_300 }, "Thought for 12 s"],
  [{ thought: 0, spoke: 185_000 }, "Thought for 3 min 5 s"],
  [{ thought: 0, spoke: 300 }, "Thought for a moment"],
  [{ thought: 0, ended: 4_000 }, "Thought for 4 s"],
  [{}, "Thoughts"],
])("%j is told as %j", (times, words) => {
  show(false, times);
  expect(screen.getByText(words)).toBeTruthy();
});

test("opening it lets go of the end of the page, so that nothing moves", () => {
  const release = vi.fn();
  const hold = vi.fn(() => release);
  render(
    <HoldContext value={hold}>
      <Reasoning text="Hm." thinking={false} times={{}} />
    </HoldContext>,
    { wrapper: I18n },
  );
  const summary = screen.getByText("Thoughts").closest("summary") as HTMLElement;
  fireEvent.click(summary);
  expect(hold).toHaveBeenCalledWith(summary, "stay");
  expect(release).toHaveBeenCalled();
});
