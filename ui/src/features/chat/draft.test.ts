import { act, renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import { draftKey, readDraft, requestIdFor, settleDraft, useDraft, writeDraft } from "./draft";

const key = draftKey("user", "project");

test("a draft survives a reload", () => {
  const { result } = renderHook(() => useDraft(key));
  act(() => result.current.write("half a thou"));
  const reloaded = renderHook(() => useDraft(key));
  expect(reloaded.result.current.text).toBe("half a thou");
});

test("a message sent again unchanged after a reload is the same request", () => {
  writeDraft(key, { text: "hello", requestId: null });
  const first = requestIdFor(key, "hello");
  expect(requestIdFor(key, "hello")).toBe(first);
  expect(requestIdFor(key, "hello there")).not.toBe(first);
});

test("editing a draft makes it a new request", () => {
  const { result } = renderHook(() => useDraft(key));
  const first = requestIdFor(key, "hello");
  act(() => result.current.write("hello!"));
  act(() => result.current.write("hello"));
  expect(requestIdFor(key, "hello")).not.toBe(first);
});

test("the box empties when a message is sent, the stored draft only when it has arrived", () => {
  const { result } = renderHook(() => useDraft(key));
  act(() => result.current.write("hello"));
  act(() => {
    expect(result.current.handOver()).toBe("hello");
  });
  expect(result.current.text).toBe("");
  expect(readDraft(key).text).toBe("hello");
  settleDraft(key, "hello", key);
  expect(readDraft(key).text).toBe("");
});

test("what was typed while a message was on its way follows into its conversation", () => {
  const begun = draftKey("user", null);
  writeDraft(begun, { text: "the next thought", requestId: null });
  settleDraft(begun, "hello", key);
  expect(readDraft(begun).text).toBe("");
  expect(readDraft(key).text).toBe("the next thought");
});

test("a message that could not be sent comes back before what was typed since", () => {
  const { result } = renderHook(() => useDraft(key));
  act(() => result.current.write("hello"));
  act(() => void result.current.handOver());
  act(() => result.current.write("and"));
  act(() => result.current.giveBack("hello"));
  expect(result.current.text).toBe("hello\n\nand");
});

test("a draft that cannot be read is no draft", () => {
  localStorage.setItem(`loquat.${key}`, "{broken");
  expect(readDraft(key)).toEqual({ text: "", requestId: null });
});
