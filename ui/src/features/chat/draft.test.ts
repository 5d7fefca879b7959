import { act, renderHook } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import type { Attachment } from "../../api/client";
import { draftKey, noDraft, readDraft, requestIdFor, settleDraft, writeDraft } from "./draft";
import { useDraft } from "./draft-box";
import { changePicture, changeTray, forgetTray, imagesIn, moveTray, trayOf } from "./tray";

const key = draftKey("user", "project");
const begun = draftKey("user", null);
const image = (id: string) => ({ id, name: `${id}.png` }) as Attachment;
const text = (words: string) => ({ text: words, images: [] });
const stored = (words: string) => ({ ...noDraft, text: words });
const add = (tray: string, id: string, attachment: Attachment | null = image(id)) =>
  changeTray(tray, (all) => [...all, { key: id, name: id, attachment }]);
/** What a page has that was opened just now. */
const reload = () => {
  forgetTray(key);
  forgetTray(begun);
};

beforeEach(reload);

test("a draft survives a reload", () => {
  const { result } = renderHook(() => useDraft(key));
  act(() => result.current.write("half a thou"));
  act(() => add(key, "tower"));
  act(() => result.current.write("half a thought"));
  reload();
  const reloaded = renderHook(() => useDraft(key));
  expect(reloaded.result.current.text).toBe("half a thought");
  expect(imagesIn(key)).toEqual([image("tower")]);
});

test("a message sent again unchanged after a reload is the same request", () => {
  writeDraft(key, stored("hello"));
  const first = requestIdFor(key, text("hello"));
  expect(requestIdFor(key, text("hello"))).toBe(first);
  expect(requestIdFor(key, text("hello there"))).not.toBe(first);
});

test("with another image it is another request", () => {
  const some = { text: "hello", images: [image("tower")] };
  const first = requestIdFor(key, some);
  expect(requestIdFor(key, some)).toBe(first);
  expect(requestIdFor(key, { ...some, images: [image("bridge")] })).not.toBe(first);
});

test("editing a draft makes it a new request", () => {
  const { result } = renderHook(() => useDraft(key));
  const first = requestIdFor(key, text("hello"));
  act(() => result.current.write("hello!"));
  act(() => result.current.write("hello"));
  expect(requestIdFor(key, text("hello"))).not.toBe(first);
});

test("the box empties when a message is sent, the stored draft only when it has arrived", () => {
  const { result } = renderHook(() => useDraft(key));
  act(() => result.current.write("hello"));
  act(() => add(key, "tower"));
  const sent = { text: "hello", images: [image("tower")] };
  act(() => {
    expect(result.current.handOver()).toEqual(sent);
  });
  expect(result.current.text).toBe("");
  expect(trayOf(key).get()).toEqual([]);
  expect(readDraft(key)).toMatchObject(sent);
  settleDraft(key, sent, key);
  expect(readDraft(key)).toEqual(noDraft);
});

test("what was written while a message was on its way follows into its conversation", () => {
  writeDraft(begun, { ...stored("the next thought"), images: [image("tower"), image("bridge")] });
  settleDraft(begun, { text: "hello", images: [image("tower")] }, key);
  expect(readDraft(begun)).toEqual(noDraft);
  expect(readDraft(key)).toMatchObject({ text: "the next thought", images: [image("bridge")] });
});

test("so does an image that is still being uploaded", () => {
  add(begun, "late", null);
  moveTray(begun, key);
  expect(changePicture("late", { attachment: image("late") })).toBe(true);
  expect(imagesIn(key)).toEqual([image("late")]);
  expect(readDraft(key).images).toEqual([image("late")]);
  expect(changePicture("gone", {})).toBe(false);
});

test("a message that could not be sent comes back before what was written since", () => {
  const { result } = renderHook(() => useDraft(key));
  act(() => result.current.write("hello"));
  act(() => add(key, "tower"));
  act(() => void result.current.handOver());
  act(() => result.current.write("and"));
  act(() => add(key, "bridge"));
  act(() => result.current.giveBack({ text: "hello", images: [image("tower")] }));
  expect(result.current.text).toBe("hello\n\nand");
  expect(readDraft(key).images).toEqual([image("tower"), image("bridge")]);
});

test("a message that comes back unchanged is still the same request", () => {
  const { result } = renderHook(() => useDraft(key));
  act(() => result.current.write("hello"));
  act(() => add(key, "tower"));
  const sent = result.current.handOver();
  const first = requestIdFor(key, sent);
  act(() => result.current.giveBack(sent));
  expect(requestIdFor(key, result.current.handOver())).toBe(first);
});

test("that a question being edited loses its image is a draft too", () => {
  trayOf(key, [image("tower")]);
  changeTray(key, () => []);
  expect(readDraft(key).images).toEqual([]);
  forgetTray(key);
  trayOf(key, [image("tower")]);
  expect(imagesIn(key)).toEqual([]);
});

test("a draft that cannot be read is no draft", () => {
  localStorage.setItem(`loquat.${key}`, "{broken");
  expect(readDraft(key)).toEqual(noDraft);
});
