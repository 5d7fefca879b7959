/**
 * A model server with a script: it speaks OpenAI's chat completions, and the first word of a question
 * chooses what happens, as scripted-answers.mjs has it. By itself: `node e2e/provider.mjs [PORT]`.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { answerTo } from "./scripted-answers.mjs";

/** The response of a provider that answers nothing at all. */
const refusals = {
  provider_key_refused: [401, { code: "invalid_api_key", message: "Incorrect API key provided" }],
  provider_rate_limited: [429, { code: "rate_limit_exceeded", message: "Rate limit reached" }],
  provider_quota: [429, { code: "insufficient_quota", message: "You exceeded your quota" }],
  provider_error: [500, { message: "The server had an error" }],
  model_not_found: [404, { code: "model_not_found", message: "The model does not exist" }],
  context_too_long: [400, { code: "context_length_exceeded", message: "Too many tokens" }],
};

/**
 * Starts it on this machine. `calls` holds the body of every request for an answer; `answerAs` makes
 * every question one that begins with this word.
 */
export async function startProvider(models = ["bridge-builder"], port = 0) {
  const calls = [];
  let word = null;
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    if (request.method === "GET") return json(response, 200, list(models));
    const body = JSON.parse(text);
    calls.push(body);
    await complete(body, word, response).catch(() => response.destroy());
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  const answerAs = (wanted) => {
    word = wanted;
  };
  return { base: `http://127.0.0.1:${server.address().port}/v1`, calls, answerAs, close };
}

/** A server of Ollama's is asked to go on by ending the conversation with what there is. */
const list = (models) => ({
  object: "list",
  data: models.map((id) => ({ id, object: "model", owned_by: "library" })),
});

/** A question with images comes in parts. */
const wordsOf = (content) =>
  typeof content === "string" ? content : (content.find(({ type }) => type === "text")?.text ?? "");

function json(response, status, body, headers = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

async function complete({ messages }, word, response) {
  const asked = wordsOf(messages.findLast(({ role }) => role === "user").content);
  if (asked.startsWith("Give this conversation a title")) return stream(response, titleOf(asked));
  const begun = messages.at(-1).role === "assistant" ? messages.at(-1).content : "";
  // Questions whose answers never came to a word are sent together.
  const question = asked.startsWith("echo:") ? asked : asked.split("\n\n").at(-1);
  const answer = answerTo(word ?? question);
  const code = answer.outcome.failure?.code;
  if (begun) return stream(response, rest(answer, begun));
  if (code in refusals) {
    const [status, error] = refusals[code];
    const { retry_after } = answer.outcome.failure;
    return json(response, status, { error }, retry_after ? { "retry-after": retry_after } : {});
  }
  if (code === "provider_bad_response") return response.end("<html>It works!</html>");
  if (code === "provider_timeout") return;
  return stream(response, answer);
}

/** The first words of the question, without the one that chooses the answer. */
function titleOf(request) {
  const question = request.match(/Question:\n(.*)/)?.[1] ?? "";
  const words = question
    .replace(/^\S+?:\s+/, "")
    .replace(/[?.]$/, "")
    .split(" ")
    .slice(0, 6);
  return { steps: [{ kind: "delta", text: words.join(" ") }], pace: 0, outcome: {} };
}

function rest({ steps }, begun) {
  const whole = steps.filter(({ kind }) => kind === "delta").map(({ text }) => text);
  const left =
    whole
      .join("")
      .slice(begun.length)
      .match(/\s*\S+/g) ?? [];
  return { steps: left.map((text) => ({ kind: "delta", text })), pace: 5, outcome: {} };
}

async function stream(response, { steps, first = steps.length, pace, outcome, usage }) {
  const written = steps.slice(0, first);
  const say = (delta, finish_reason = null) =>
    response.write(chunk({ choices: [{ index: 0, delta, finish_reason }] }));
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const [at, { kind, text }] of written.entries()) {
    if (response.destroyed) return;
    say(kind === "reasoning" ? { reasoning_content: text } : { content: text });
    // At full speed too, others must get their turn.
    if (pace > 0 || at % 200 === 199) await wait(pace);
  }
  const code = outcome.failure?.code;
  if (code === "provider_stalled" || outcome.status === "interrupted") return;
  if (code) return response.destroy();
  say({}, outcome.finish_reason ?? "stop");
  const { reasoning_tokens } = usage ?? {};
  response.write(
    chunk({
      choices: [],
      usage: {
        prompt_tokens: 21,
        completion_tokens: written.length,
        ...(reasoning_tokens && { completion_tokens_details: { reasoning_tokens } }),
      },
    }),
  );
  response.end("data: [DONE]\n\n");
}

const chunk = (body) => `data: ${JSON.stringify({ object: "chat.completion.chunk", ...body })}\n\n`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { base } = await startProvider(undefined, Number(process.argv[2] ?? 0));
  console.log(`listening on ${base}`);
}
