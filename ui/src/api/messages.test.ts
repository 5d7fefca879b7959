import { afterEach, expect, test, vi } from "vitest";
import { startTurn } from "./messages";
import { ConnectionError, ProblemError } from "./problem";

afterEach(() => vi.unstubAllGlobals());

const turn = { content: "hello", client_request_id: "r-1" };
const noPause = async () => {};

/** Answers one request after the other; an Error is a lost connection. */
function serve(...answers: (Response | Error)[]) {
  const bodies: unknown[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    bodies.push(await request.clone().json());
    const answer = answers.shift();
    if (!answer || answer instanceof Error) throw answer ?? new TypeError("no more answers");
    return answer;
  });
  return bodies;
}

const json = (body: unknown, status: number) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json" },
  });

test("a turn whose connection is lost is asked for again under the same request id", async () => {
  const started = { user_message: { id: "u" }, assistant_message: { id: "a" } };
  const lost = new TypeError("network");
  const bodies = serve(lost, lost, json(started, 202));
  expect(await startTurn("p", turn, noPause)).toEqual(started);
  expect(bodies).toEqual([turn, turn, turn]);
});

test("after four lost connections the page gives up and says so", async () => {
  const bodies = serve();
  await expect(startTurn("p", turn, noPause)).rejects.toBeInstanceOf(ConnectionError);
  expect(bodies).toHaveLength(4);
});

test("a refusal is not asked again", async () => {
  const refusal = { status: 409, code: "answer_running", title: "", detail: "", request_id: "" };
  const bodies = serve(json(refusal, 409));
  const error = await startTurn("p", turn, noPause).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ProblemError);
  expect((error as ProblemError).problem.code).toBe("answer_running");
  expect(bodies).toHaveLength(1);
});

test("a proxy's page in HTML is a problem like any other", async () => {
  serve(new Response("<h1>Bad Gateway</h1>", { status: 502, statusText: "Bad Gateway" }));
  const error = await startTurn("p", turn, noPause).catch((caught: unknown) => caught);
  expect((error as ProblemError).problem).toMatchObject({ status: 502, code: "unexpected" });
});
