import { act, fireEvent, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { I18n } from "../test/i18n";
import { Reach } from "./reach";

/** Says at once that the place is in view, as a browser does to whoever begins to observe. */
class Near {
  constructor(private readonly told: (entries: { isIntersecting: boolean }[]) => void) {}
  observe() {
    this.told([{ isIntersecting: true }]);
  }
  disconnect() {}
}

test("what could not be loaded is asked for again by somebody, and not for as long as they look", () => {
  vi.stubGlobal("IntersectionObserver", Near);
  const onReached = vi.fn();
  const reach = (busy: boolean, failed: boolean) => (
    <Reach busy={busy} failed={failed} label="Loading" onReached={onReached} margin="0px" />
  );
  const { rerender } = render(reach(false, false), { wrapper: I18n });
  expect(onReached).toHaveBeenCalledTimes(1);
  act(() => rerender(reach(true, false)));
  act(() => rerender(reach(false, true)));
  expect(onReached).toHaveBeenCalledTimes(1);
  screen.getByText("The rest could not be loaded.");
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(onReached).toHaveBeenCalledTimes(2);
  vi.unstubAllGlobals();
});
