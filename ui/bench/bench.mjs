/**
 * How fast the page is: `npm run build && npm run bench`, some three minutes.
 *
 * Serves dist under the product's content policy with an API played from memory (server.mjs), opens it
 * in headless Chromium, and prints what answers, a conversation of a thousand messages, a list of
 * as many conversations and memory cost.
 * Two builds are compared in one run by `--dist DIR --dist DIR`; `--only WORDS` runs what is named so;
 * `--whole` sends all of the 20,000 deltas at 200/s instead of their end (100 s more).
 *
 * Times of tasks are CPU time of the page's thread, which other programs do not stretch. Frames are wall
 * time, and on a busy machine wait for the processor and for drawing without a graphics card as well:
 * "late" counts all gaps over 50 ms, "own" the frames of which the page's thread itself took over 50 ms.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { openChrome } from "./chrome.mjs";
import { measureConversation, measureMemory } from "./conversation.mjs";
import { measureList } from "./list.mjs";
import { startServer } from "./server.mjs";
import { answers, measureAnswer } from "./streaming.mjs";

const { values } = parseArgs({
  options: {
    dist: { type: "string", multiple: true, default: ["dist"] },
    only: { type: "string", default: "" },
    whole: { type: "boolean", default: false },
  },
});
const wanted = (name) => name.includes(values.only);
const number = (value, digits = 0) => value.toFixed(digits);

/** Runs `measure` on each build in turn, each time in a browser of its own. */
async function onEach(measure, print, conversations = 0) {
  for (const dist of values.dist) {
    const server = await startServer(resolve(dist), conversations);
    const chrome = await openChrome();
    const seen = await measure(chrome, server);
    if (seen.violations) console.error(`${seen.violations} violations of the content policy`);
    print(values.dist.length > 1 ? `${dist}: ` : "", seen);
    await chrome.close();
    server.close();
  }
}

console.log(
  "| answers | longest task | tasks > 50 ms | late frames | own | ms a delta | script | layout | raster and GPU |",
);
console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
for (const answer of answers.filter(({ name }) => wanted(name))) {
  const asked = values.whole
    ? { ...answer, last: answer.slow > 1 ? answer.last : undefined }
    : answer;
  await onEach(
    (chrome, server) => measureAnswer(chrome, server, asked),
    (build, seen) => {
      const share = `${seen.late} of ${seen.frames}`;
      const { longest, over50, longFrames, main, script, layout, renderer, gpu } = seen;
      const drawing = Math.max(0, renderer - main) + gpu;
      const cells = [
        `${build}${answer.name}`,
        `${number(longest)} ms`,
        over50,
        share,
        longFrames,
        ...[main, script, layout, drawing].map((value) => number(value, 3)),
      ];
      console.log(`| ${cells.join(" | ")} |`);
    },
  );
}

if (wanted("conversation")) {
  await onEach(measureConversation, (build, seen) => {
    const { opened, longest, over50, late, frames, jumps, inPage, back, heap } = seen;
    const furthest = Math.max(...Object.values(jumps));
    console.log(`\n${build}1,000 messages`);
    console.log(`painted ${number(opened)} ms after its first page of messages has arrived`);
    console.log(
      `wheel: ${late} of ${frames} frames late, longest task ${number(longest)} ms, ${over50} over 50 ms`,
    );
    console.log(
      `furthest jump beside the wheel ${number(furthest)} px; ${inPage} messages in the page`,
    );
    console.log(`back: ${number(back)} px from where it was left; heap ${number(heap, 1)} MB`);
  });
}
if (wanted("sidebar")) {
  const conversations = 1000;
  await onEach(
    (chrome, server) => measureList(chrome, server, conversations),
    (build, { late, frames, longest, over50, typed }) => {
      console.log(`\n${build}a sidebar of 1,000 conversations`);
      console.log(
        `wheel: ${late} of ${frames} frames late, longest task ${number(longest)} ms, ${over50} over 50 ms`,
      );
      console.log(`a letter beside it: longest task ${number(typed)} ms`);
    },
    conversations,
  );
}
if (wanted("memory")) {
  await onEach(measureMemory, (build, { empty, full, left }) => {
    const megabytes = [empty, ...full, left].map(({ heap }) => number(heap, 1)).join(", ");
    console.log(
      `\n${build}memory: heap in MB beside an empty page, with 1 to 5 answers of 60 KB, after leaving: ${megabytes}`,
    );
    console.log(`nodes: ${[empty, ...full, left].map(({ nodes }) => nodes).join(", ")}`);
  });
}
