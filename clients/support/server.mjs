// The real server on a free port of loopback and a fresh directory, with the sample of `spike demo`. It can be killed and
// started again at the same place, as a crash or a deployment would.

import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { until } from "./until.mjs";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const lifeline = fileURLToPath(new URL("lifeline.sh", import.meta.url));

/** The password of all accounts of the sample. */
export const PASSWORD = "correct horse battery";

/** Who is in the sample. */
export const LIN = "+10005550101";
export const ADMINISTRATOR = "+10005550100";

export class Server {
  #process = null;
  #pid = 0;
  /** Resolves when the process has ended; null before the first and after the last. */
  #ended = null;
  #directory;
  #port;
  #settings;

  constructor(directory, port, settings) {
    this.#directory = directory;
    this.#port = port;
    this.#settings = {
      SPIKE__DATA_DIR: join(directory, "data"),
      SPIKE__SERVER__LISTEN: `127.0.0.1:${port}`,
      SPIKE_DEMO_PASSWORD: PASSWORD,
      ...settings,
    };
  }

  /** A server with the sample in it. `settings` are variables of its environment. */
  static async start(settings = {}) {
    const server = new Server(mkdtempSync(join(tmpdir(), "spike-clients-")), await freePort(), settings);
    await promisify(execFile)(binary(), ["demo"], { env: server.#environment() });
    await server.begin();
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  get graph() {
    return `${this.url}/graphql`;
  }

  get socket() {
    return `ws://127.0.0.1:${this.#port}/graphql`;
  }

  /** Starts it, again or for the first time, and returns when it answers. */
  async begin() {
    const log = openSync(join(this.#directory, "log"), "a");
    this.#process = spawn("sh", [lifeline, binary(), "serve"], {
      env: this.#environment(),
      stdio: ["pipe", "pipe", log],
    });
    closeSync(log);
    this.#ended = once(this.#process, "exit");
    const [line] = await once(this.#process.stdout, "data");
    this.#pid = Number(String(line).trim());
    await until("the server is ready", async () => {
      if (this.#process.exitCode !== null) throw new Error(`the server ended:\n${this.log()}`);
      const answer = await fetch(`${this.url}/readyz`).catch(() => null);
      return answer?.ok;
    });
  }

  /** Ends it without a chance to say goodbye. */
  async kill() {
    await this.#end("SIGKILL");
  }

  /** Asks it to end, as a deployment does. */
  async quit() {
    await this.#end("SIGTERM");
  }

  /** Ends it, and takes what it left away. */
  async stop() {
    await this.quit();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  log() {
    return readFileSync(join(this.#directory, "log"), "utf8");
  }

  async #end(signal) {
    const ended = this.#ended;
    if (!ended) return;
    try {
      process.kill(this.#pid, signal);
    } catch (error) {
      // It has ended by itself.
      if (error.code !== "ESRCH") throw error;
    }
    await ended;
    this.#ended = null;
  }

  #environment() {
    // Nothing of the caller's own configuration.
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("SPIKE_"));
    return { ...Object.fromEntries(inherited), ...this.#settings };
  }
}

function binary() {
  const path = process.env.SPIKE_BIN ?? join(repository, "target/debug/spike");
  if (!existsSync(path)) throw new Error(`${path} is missing: cargo build --bin spike, or name another in SPIKE_BIN`);
  return path;
}

function once(emitter, event) {
  return new Promise((resolve, reject) => {
    emitter.once(event, (...values) => resolve(values));
    emitter.once("error", reject);
  });
}

/** Nobody else on this machine is given it within the next seconds, as systems hand such ports out in turn. */
async function freePort() {
  const probe = createServer();
  await new Promise((listening) => probe.listen(0, "127.0.0.1", listening));
  const { port } = probe.address();
  await new Promise((closed) => probe.close(closed));
  return port;
}
