import { renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { MemoryRouter } from "react-router";
import { afterEach, expect, test } from "vitest";
import { useLeft } from "./left";
import { type Place, writePlace } from "./place";

afterEach(() => sessionStorage.clear());

/** What one sees first at an entry of the history, and on leaving is at `then`. */
function visit(entry: { key: string; hash?: string; state?: unknown }, then: Place | null) {
  const wrapper = ({ children }: { children: ReactNode }) => (
    <MemoryRouter initialEntries={[{ pathname: "/c/X", ...entry }]}>{children}</MemoryRouter>
  );
  const { result, unmount } = renderHook(() => useLeft("X"), { wrapper });
  unmount();
  writePlace("X", then);
  return result.current;
}
const further: Place = { messageId: "later", y: -12 };

test("an entry that names a message begins there, and afterwards where it was left", () => {
  const hit = { key: "k1", hash: "#message-m" };
  expect(visit(hit, further)).toMatchObject({ messageId: "m" });
  expect(visit(hit, null)).toEqual(further);
  expect(visit(hit, null)).toBeNull();
});

test("the same message, gone to again, is shown again", () => {
  visit({ key: "k1", hash: "#message-m" }, further);
  expect(visit({ key: "k2", hash: "#message-m" }, further)).toMatchObject({ messageId: "m" });
});

test("the drawer is no new visit, and another address in a new tab is", () => {
  visit({ key: "k1", hash: "#message-m" }, further);
  const covered = { key: "k2", hash: "#message-m", state: { drawer: true, beneath: "k1" } };
  expect(visit(covered, further)).toEqual(further);
  visit({ key: "default", hash: "#message-m" }, further);
  expect(visit({ key: "default", hash: "#message-n" }, null)).toMatchObject({ messageId: "n" });
});
