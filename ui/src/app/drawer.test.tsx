import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { MemoryRouter, useLocation, useNavigate } from "react-router";
import { expect, test } from "vitest";
import { entryBeneath } from "../lib/history-entry";
import { useDrawer } from "./drawer";

function open() {
  const wrapper = ({ children }: { children: ReactNode }) => (
    <MemoryRouter initialEntries={["/"]}>{children}</MemoryRouter>
  );
  const use = () => ({
    drawer: useDrawer(true),
    location: useLocation(),
    navigate: useNavigate(),
  });
  return renderHook(use, { wrapper }).result;
}

test("the page under the drawer keeps its address and its name in the history", () => {
  const page = open();
  act(() => page.current.navigate("/c/X?a=b#message-m"));
  const beneath = entryBeneath(page.current.location);
  for (const close of [() => page.current.drawer.close(), () => page.current.navigate(-1)]) {
    act(() => page.current.drawer.open());
    expect(page.current.drawer.isOpen).toBe(true);
    expect(page.current.location).toMatchObject({
      pathname: "/c/X",
      search: "?a=b",
      hash: "#message-m",
    });
    expect(entryBeneath(page.current.location)).toBe(beneath);
    act(close);
    expect(page.current.drawer.isOpen).toBe(false);
    expect(entryBeneath(page.current.location)).toBe(beneath);
  }
});

test("the same hit, gone to again, is another entry", () => {
  const page = open();
  act(() => page.current.navigate("/c/X#message-m"));
  const first = entryBeneath(page.current.location);
  act(() => page.current.drawer.open());
  act(() => page.current.navigate("/c/X#message-m", { replace: true }));
  expect(entryBeneath(page.current.location)).not.toBe(first);
});
