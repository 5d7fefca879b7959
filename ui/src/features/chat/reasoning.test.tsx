import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { I18n } from "../../test/i18n";
import { HoldContext } from "./hold-context";
import { Reasoning } from "./reasoning";

beforeEach(() => vi.useFakeTimers({ now: 100_000 }));
afterEach(() => vi.useRealTimers());

const Hm = ({ thinking, took = null }: { thinking: boolean; took?: number | null }) => (
  <Reasoning text="Hm." thinking={thinking} took={took} />
);

test("the time it thinks is counted, second by second", () => {
  const { rerender } = render(<Hm thinking />, { wrapper: I18n });
  expect(screen.getByText("Thinking…")).toBeTruthy();
  act(() => vi.advanceTimersByTime(12_000));
  expect(screen.getByText("Thinking for 12 s")).toBeTruthy();
  rerender(<Hm thinking={false} />);
  expect(screen.getByText("Thought for 12 s")).toBeTruthy();
  rerender(<Hm thinking={false} took={13_000} />);
  expect(screen.getByText("Thought for 13 s")).toBeTruthy();
});

test.each([
  [12_300, "Thought for 12 s"],
  [185_000, "Thought for 3 min 5 s"],
  [300, "Thought for a moment"],
  [null, "Thoughts"],
])("%j is told as %j", (took, words) => {
  render(<Hm thinking={false} took={took} />, { wrapper: I18n });
  expect(screen.getByText(words)).toBeTruthy();
});

test("opening it lets go of the end of the page, so that nothing moves", () => {
  const release = vi.fn();
  const hold = vi.fn(() => release);
  render(
    <HoldContext value={hold}>
      <Hm thinking={false} />
    </HoldContext>,
    { wrapper: I18n },
  );
  const summary = screen.getByText("Thoughts").closest("summary") as HTMLElement;
  fireEvent.click(summary);
  expect(hold).toHaveBeenCalledWith(summary, "stay");
  expect(release).toHaveBeenCalled();
});
