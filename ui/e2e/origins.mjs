/**
 * Pages of other origins in a real browser: an allowed one can sign in, ask and follow; any other one,
 * with the same browser signed in, can read nothing and change nothing, whatever it tries.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { chromiumOptions } from "./browser.mjs";
import { startLoquat } from "./loquat.mjs";
import { startProvider } from "./provider.mjs";
import { check, createReport } from "./report.mjs";
import { password } from "./visit.mjs";

// Cookies that other sites may send are for HTTPS alone.
const work = mkdtempSync(join(tmpdir(), "origins-"));
const [key, cert] = [join(work, "key.pem"), join(work, "cert.pem")];
const subject = [
  "-subj",
  "/CN=localhost",
  "-addext",
  "subjectAltName=DNS:localhost,DNS:*.localhost",
];
const made = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert];
execFileSync("openssl", ["req", "-x509", ...made, ...subject], { stdio: "ignore" });
const certificate = { key: readFileSync(key), cert: readFileSync(cert) };

/** Empty pages under any name; a browser takes every name below localhost for this machine. */
const pages = createServer(certificate, (_, response) => {
  response.setHeader("content-type", "text/html");
  response.end("<!doctype html><title>Elsewhere</title><body>");
}).listen(0, "127.0.0.1");
await new Promise((resolve) => pages.once("listening", resolve));
const origin = (name) => `https://${name}.localhost:${pages.address().port}`;

const report = createReport();

/** What a page without any rights may still try. Each gets the conversation's address. */
const attempts = {
  "fetch: a question": (api, id) =>
    fetch(`${api}/projects/${id}/messages`, {
      method: "POST",
      credentials: "include",
      headers: { "content-type": "application/json" },
      body: '{"content":"stolen"}',
    }),
  "fetch: a question as plain text": (api, id) =>
    fetch(`${api}/projects/${id}/messages`, {
      method: "POST",
      mode: "no-cors",
      credentials: "include",
      body: '{"content":"stolen"}',
    }),
  "fetch: a new conversation": (api) =>
    fetch(`${api}/projects/`, {
      method: "POST",
      mode: "no-cors",
      credentials: "include",
      body: "{}",
    }),
  "fetch: deleting": (api, id) =>
    fetch(`${api}/projects/${id}`, { method: "DELETE", credentials: "include" }),
  "fetch: renaming": (api, id) =>
    fetch(`${api}/projects/${id}`, {
      method: "PATCH",
      credentials: "include",
      headers: { "content-type": "application/json" },
      body: '{"name":"stolen"}',
    }),
  "fetch: signing out": (api) =>
    fetch(`${api}/logout/`, { method: "POST", mode: "no-cors", credentials: "include" }),
  "fetch: a key": (api) =>
    fetch(`${api}/keys/`, {
      method: "POST",
      mode: "no-cors",
      credentials: "include",
      body: '{"name":"stolen","scope":"chat"}',
    }),
  "fetch: the stream": (api, id) =>
    fetch(`${api}/projects/${id}/messages/stream?content=stolen`, {
      mode: "no-cors",
      credentials: "include",
    }),
  "fetch: the stream, to read it": (api, id) =>
    fetch(`${api}/projects/${id}/messages/stream?content=stolen`, { credentials: "include" }),
  "fetch: reading": async (api) => {
    const response = await fetch(`${api}/projects/`, { credentials: "include" });
    return `read: ${await response.text()}`;
  },
  "fetch: who it is": async (api) => {
    const response = await fetch(`${api}/check_session/`, { credentials: "include" });
    return `read: ${await response.text()}`;
  },
  "a beacon": (api, id) =>
    navigator.sendBeacon(`${api}/projects/${id}/messages`, '{"content":"stolen"}'),
  "an event source": (api, id) => {
    new EventSource(`${api}/projects/${id}/messages/stream?content=stolen`, {
      withCredentials: true,
    });
  },
  "a socket": (api, id) =>
    new Promise((resolve) => {
      const socket = new WebSocket(`${api.replace("http", "ws")}/ws`);
      socket.onopen = () => {
        socket.send(`{"type":"send","project_id":"${id}","content":"stolen","ref":"1"}`);
        resolve("read: the socket is open");
      };
      socket.onerror = () => resolve("refused");
    }),
  ...Object.fromEntries(
    ["img", "script", "iframe", "video", "embed"].map((element) => [
      `an element ${element}`,
      new Function(
        "api",
        "id",
        `const element = document.createElement("${element}");
        element.src = api + "/projects/" + id + "/messages/stream?content=stolen";
        document.body.append(element);`,
      ),
    ]),
  ),
  "a style sheet and a prefetch": (api, id) => {
    for (const rel of ["stylesheet", "prefetch", "preload", "icon"]) {
      const link = document.createElement("link");
      Object.assign(link, { rel, as: "fetch" });
      link.href = `${api}/projects/${id}/messages/stream?content=stolen`;
      document.head.append(link);
    }
  },
  ...Object.fromEntries(
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"].map((kind) => [
      `a form of ${kind}`,
      new Function(
        "api",
        "id",
        `const form = document.createElement("form");
        Object.assign(form, { method: "post", action: api + "/projects/" + id + "/messages", enctype: "${kind}" });
        const field = document.createElement("input");
        Object.assign(field, { name: '{"content":"stolen","x":"', value: '"}' });
        form.append(field);
        document.body.append(form);
        form.submit();`,
      ),
    ]),
  ),
  "a window of its own": (api, id) => {
    open(`${api}/projects/${id}/messages/stream?content=stolen`);
  },
  "going there": (api, id) => {
    location.href = `${api}/projects/${id}/messages/stream?content=stolen`;
  },
};

/** Signs somebody in from a page of `home`, which asks one question and follows its answer. */
async function begin(context, home, api) {
  const page = await context.newPage();
  await page.goto(home);
  const email = `ada-${Date.now()}@example.org`;
  const seen = await page.evaluate(
    async ({ api, email, password }) => {
      const ask = async (method, path, body) => {
        const response = await fetch(api + path, {
          method,
          credentials: "include",
          headers: body ? { "content-type": "application/json" } : {},
          body: body && JSON.stringify(body),
        });
        if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
        return response.json();
      };
      await ask("POST", "/users/", { email, password });
      await ask("POST", "/login/", { email, password });
      const me = await ask("GET", "/check_session/");
      const { id } = await ask("POST", "/projects/", {});
      const address = `${api}/projects/${id}/messages/stream?content=short: hello`;
      const source = new EventSource(address, { withCredentials: true });
      const answer = await new Promise((resolve, reject) => {
        let text = "";
        source.onmessage = ({ data }) => {
          text += JSON.parse(data).delta;
        };
        source.addEventListener("end", ({ data }) => resolve([text, JSON.parse(data).content]));
        source.onerror = () => reject(new Error("the stream broke"));
      });
      source.close();
      const socket = new WebSocket(`${api.replace("http", "ws")}/ws`);
      const opened = await new Promise((resolve) => {
        socket.onopen = () => resolve(true);
        socket.onerror = () => resolve(false);
      });
      socket.close();
      return { me: me.email ?? me.user?.email, id, answer, opened };
    },
    { api, email, password },
  );
  check(seen.me === email, `${seen.me} is signed in`);
  check(seen.answer[0] !== "" && seen.answer[0] === seen.answer[1], "the answer is not whole");
  check(seen.opened, "the socket does not open");
  await page.close();
  return seen.id;
}

/** All that could have changed, as its owner sees it. Only the browser knows names below localhost. */
async function state({ context, base, model }) {
  const cookies = (await context.cookies(base)).map(({ name, value }) => `${name}=${value}`);
  const read = (path) =>
    new Promise((resolve, reject) => {
      const options = {
        host: "127.0.0.1",
        port: new URL(base).port,
        path: `/api${path}`,
        headers: { cookie: cookies.join("; ") },
        ca: certificate.cert,
        servername: "localhost",
      };
      request(options, async (response) => {
        let text = "";
        for await (const part of response) text += part;
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${path}: ${response.statusCode}`));
      })
        .on("error", reject)
        .end();
    });
  const projects = await read("/projects/");
  const messages = await Promise.all(
    projects.items.map(({ id }) => read(`/projects/${id}/messages`)),
  );
  const keys = await read("/keys/");
  return JSON.stringify({ projects, messages, keys, calls: model.calls.length });
}

async function refuse(signedIn, id, from) {
  const { context, base } = signedIn;
  for (const [name, attempt] of Object.entries(attempts)) {
    await report.step(`${new URL(from).hostname}: ${name}`, async () => {
      const before = await state(signedIn);
      const page = await context.newPage();
      await page.goto(from);
      const outcome = await page
        .evaluate(`(${attempt})("${base}/api", "${id}")`)
        .then(String, (error) => `failed: ${error.message}`);
      check(!outcome.startsWith("read: "), outcome);
      // What it set going arrives, or does not.
      await page.waitForTimeout(250);
      await page.close();
      for (const other of context.pages().slice(1)) await other.close();
      const after = await state(signedIn);
      check(after === before, `something has changed:\n${before}\n${after}`);
    });
  }
}

/**
 * A browser that lets pages send the cookies of other sites, as not all do by themselves: else an
 * allowed origin would have to be of the same site, and the others would be refused without our doing.
 */
function openProfile(folder) {
  mkdirSync(join(folder, "Default"), { recursive: true });
  const preferences = { profile: { block_third_party_cookies: false, cookie_controls_mode: 0 } };
  writeFileSync(join(folder, "Default", "Preferences"), JSON.stringify(preferences));
  const options = { ...chromiumOptions(), ignoreHTTPSErrors: true };
  return chromium.launchPersistentContext(folder, options);
}

const friend = origin("friend");
const strangers = [origin("stranger"), origin("evil.loquat")];

/** Two servers, one with an allowed origin and so with a cookie that other sites may send, one without. */
async function tryAll(allowed) {
  const model = await startProvider();
  const server = await startLoquat({
    OPENAI_BASE_URL: model.base,
    LOQUAT_TLS_CERT: cert,
    LOQUAT_TLS_KEY: key,
    ...(allowed && { LOQUAT_ALLOWED_ORIGINS: allowed }),
  });
  const base = `https://loquat.localhost:${server.port}`;
  const context = await openProfile(join(work, allowed ? "allowed" : "closed"));
  const home = allowed ?? base;
  let id = "";
  const begun = await report.step(
    `${new URL(home).hostname} signs in, asks and follows`,
    async () => {
      id = await begin(context, home, `${base}/api`);
    },
  );
  const others = allowed ? strangers : [friend, ...strangers];
  for (const from of begun ? others : []) await refuse({ context, base, model }, id, from);
  await context.close();
  await server.stop();
  model.close();
}

await Promise.all([friend, null].map(tryAll));
pages.close();
rmSync(work, { recursive: true });
report.finish();
