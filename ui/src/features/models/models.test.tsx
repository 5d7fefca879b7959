import { fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Model } from "../../api/client";
import { I18n } from "../../test/i18n";
import { contextSize, findModels } from "./find-models";
import { ModelList } from "./model-list";

const model = (id: string, provider: string, more: Partial<Model> = {}): Model => ({
  id,
  name: id,
  provider,
  is_default: false,
  built_in: false,
  images: false,
  ...more,
});
const models = [
  model("gpt-4o", "OpenAI", { context_tokens: 128_000 }),
  model("gpt-4o-mini", "OpenAI"),
  model("qwen3:4b", "Ollama"),
];

describe("models are found", () => {
  const names = (typed: string) =>
    findModels(models, typed).map(
      ({ provider, models: offered }) => `${provider}: ${offered.map(({ name }) => name)}`,
    );

  test("by all words, in any order and any case, grouped by provider", () => {
    expect(names("")).toEqual(["OpenAI: gpt-4o,gpt-4o-mini", "Ollama: qwen3:4b"]);
    expect(names("MINI gpt")).toEqual(["OpenAI: gpt-4o-mini"]);
    expect(names("ollama")).toEqual(["Ollama: qwen3:4b"]);
    expect(names("claude")).toEqual([]);
  });
});

test.each([
  [512, "512"],
  [8192, "8k"],
  [128_000, "128k"],
  [131_072, "128k"],
  [1_000_000, "1M"],
  [1_048_576, "1M"],
])("a context of %i tokens is %s", (tokens, said) => expect(contextSize(tokens)).toBe(said));

describe("in the list", () => {
  const onChoose = vi.fn();
  beforeEach(() => {
    onChoose.mockReset();
    vi.stubGlobal("matchMedia", () => ({
      matches: false,
      addEventListener: () => {},
      removeEventListener: () => {},
    }));
    Element.prototype.scrollIntoView = () => {};
    render(<ModelList models={models} value="gpt-4o-mini" shown onChoose={onChoose} />, {
      wrapper: I18n,
    });
  });
  afterEach(() => vi.unstubAllGlobals());
  const box = () => screen.getByRole("combobox");
  const active = () =>
    document.getElementById(box().getAttribute("aria-activedescendant") ?? "")?.textContent;
  const press = (...keys: string[]) => {
    for (const key of keys) fireEvent.keyDown(box(), { key });
  };

  test("the arrows begin at the one that holds, go round, and Enter chooses", () => {
    expect(document.activeElement).toBe(box());
    expect(active()).toBe("gpt-4o-mini");
    press("ArrowDown");
    expect(active()).toBe("qwen3:4b");
    press("ArrowDown", "ArrowUp", "ArrowUp", "Enter");
    expect(onChoose).toHaveBeenCalledWith("gpt-4o-mini");
  });

  test("typing narrows it, and the first of what is left is chosen", () => {
    fireEvent.change(box(), { target: { value: "ollama" } });
    expect(screen.getAllByRole("option")).toHaveLength(1);
    press("Enter");
    expect(onChoose).toHaveBeenCalledWith("qwen3:4b");
  });

  test("Enter that ends a word of an input method chooses nothing, in Safari too", () => {
    fireEvent.keyDown(box(), { key: "Enter", isComposing: true });
    fireEvent.keyDown(box(), { key: "Enter", keyCode: 229 });
    expect(onChoose).not.toHaveBeenCalled();
  });

  test("a name that nothing has is told, and Enter chooses nothing", () => {
    fireEvent.change(box(), { target: { value: "claude" } });
    expect(screen.getByRole("status").textContent).toContain("claude");
    press("Enter", "ArrowDown");
    expect(onChoose).not.toHaveBeenCalled();
  });

  test("the one that holds is marked, and its size told where it is known", () => {
    expect(screen.getByRole("option", { selected: true }).textContent).toBe("gpt-4o-mini");
    expect(screen.getByText("128k")).toBeDefined();
  });
});
