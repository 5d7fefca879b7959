import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Attachment } from "../../api/client";
import { I18n } from "../../test/i18n";
import { drop, keepAtHand } from "./image-source";
import { Pictures } from "./pictures";

const image = (id: string) => ({ id, name: id, width: 40, height: 30 }) as Attachment;

test("images are asked for when one comes near, but shown at once where they are at hand", () => {
  keepAtHand("near", "blob:tower");
  render(<Pictures images={[image("far"), image("near")]} />, { wrapper: I18n });
  const far = screen.getByAltText("far");
  expect(far.getAttribute("loading")).toBe("lazy");
  expect(far.getAttribute("fetchpriority")).toBe("low");
  const near = screen.getByAltText("near");
  expect(near.getAttribute("loading")).toBeNull();
  expect(near.getAttribute("decoding")).toBe("sync");
  drop("near");
});
