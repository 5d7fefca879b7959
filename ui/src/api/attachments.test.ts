import { afterEach, expect, test } from "vitest";
import { imageLimits } from "./attachments";

const mb = 1024 * 1024;

afterEach(() => document.getElementById("boot")?.remove());

test.each([
  [{}, { most: 8, heaviest: 1.5 * mb }],
  [
    { max_attachments_per_message: null, max_attachment_bytes: null },
    { most: 8, heaviest: 1.5 * mb },
  ],
  [
    { max_attachments_per_message: 3, max_attachment_bytes: mb },
    { most: 3, heaviest: mb },
  ],
  [{ max_attachment_bytes: 5 * mb }, { most: 8, heaviest: 1.5 * mb }],
])("with %j the limits are %j", (boot, limits) => {
  const island = document.body.appendChild(document.createElement("script"));
  Object.assign(island, {
    id: "boot",
    type: "application/json",
    textContent: JSON.stringify(boot),
  });
  expect(imageLimits()).toEqual(limits);
});
