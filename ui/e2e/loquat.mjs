/** The executable under test: started on a free port with data of its own, stopped by its id. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const executable =
  process.env.LOQUAT ?? fileURLToPath(new URL("../../target/debug/loquat", import.meta.url));

/** Everybody in a test comes from one address. */
const unlimited = { LOQUAT_MAX_SIGN_INS_PER_MINUTE: "0", LOQUAT_MAX_REGISTRATIONS_PER_HOUR: "0" };

/**
 * Its settings are the defaults, but for limits of what comes from one address, and `env`, whatever the environment
 * says.
 */
export async function startLoquat(env = {}) {
  const work = await mkdtemp(join(tmpdir(), "loquat-"));
  let listen = "127.0.0.1:0";
  let scheme = "http";
  let log = "";
  let child = await launch();

  async function launch() {
    const args = ["serve", "--listen", listen, "--data-dir", join(work, "data")];
    const started = spawn(executable, args, {
      cwd: work,
      env: { PATH: process.env.PATH, HOME: work, ...unlimited, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    log = "";
    started.stderr.on("data", (text) => {
      log = (log + text).slice(-4000);
    });
    const address = await new Promise((resolve, reject) => {
      let out = "";
      started.stdout.on("data", (text) => {
        out += text;
        const said = out.match(/ listens on (https?):\/\/(\S+)\n/);
        if (!said) return;
        scheme = said[1];
        resolve(said[2]);
      });
      started.on("error", reject);
      started.on("exit", () => reject(new Error(`the server did not start:\n${log}`)));
    });
    listen = address;
    return started;
  }

  async function end(signal) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  return {
    base: `${scheme}://${listen}`,
    /** The page that makes the first administrator, once the server has told it. */
    setupLink: () => log.match(/becomes one, once: (\S+)\n/)?.[1],
    port: Number(listen.split(":").at(-1)),
    /** As when the power fails. */
    kill: () => end("SIGKILL"),
    /** Again, at the same address with the same data. */
    restart: async () => {
      child = await launch();
    },
    stop: async () => {
      await end("SIGTERM");
      await rm(work, { recursive: true, force: true });
    },
  };
}
