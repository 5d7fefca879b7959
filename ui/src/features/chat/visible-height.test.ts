import { renderHook } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { useVisibleHeight } from "./visible-height";

afterEach(() => vi.unstubAllGlobals());

function open(height: number, scale = 1) {
  const view = Object.assign(new EventTarget(), { height: 800, scale: 1 });
  vi.stubGlobal("visualViewport", view);
  vi.stubGlobal("innerHeight", 800);
  vi.stubGlobal("scrollTo", () => {});
  const page = { current: document.createElement("div") };
  renderHook(() => useVisibleHeight(page));
  const resize = (next: { height: number; scale?: number }) => {
    Object.assign(view, next);
    view.dispatchEvent(new Event("resize"));
    return page.current.style.height;
  };
  return { resize, first: resize({ height, scale }) };
}

test("the page is as high as what a keyboard leaves to see, and whole again without it", () => {
  const { first, resize } = open(460);
  expect(first).toBe("460px");
  expect(resize({ height: 800 })).toBe("");
});

test("neither two fingers nor the browser's own bar make it smaller", () => {
  expect(open(400, 2).first).toBe("");
  expect(open(740).first).toBe("");
});
