// A headless Chromium that can reach the server and nothing else, and remembers what went wrong in it.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { BOUND } from "../../clients/support/until.mjs";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Where pictures are written. */
export const PICTURES = fileURLToPath(new URL("../../target/playground", import.meta.url));

export class Browser {
  #context;
  #directory;
  #host;
  /** Addresses that anything in the browser asked for, whether it got an answer or not. */
  requests = [];
  /** Errors that a page wrote to its console or threw. */
  errors = [];
  /** Addresses of the WebSockets that pages opened. */
  sockets = [];
  /** What went over them. */
  sent = [];
  received = [];

  static async open(server, { dark = false, width = 1440, height = 900 } = {}) {
    const browser = new Browser();
    browser.#directory = mkdtempSync(join(tmpdir(), "spike-chromium-"));
    const context = await chromium.launchPersistentContext(browser.#directory, {
      executablePath,
      headless: true,
      viewport: { width, height },
      colorScheme: dark ? "dark" : "light",
      locale: "en-GB",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // No other host is found. (Catching requests would do as well, and would turn the browser's cache off.)
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
      ],
    });
    browser.#context = context;
    context.setDefaultTimeout(BOUND);
    browser.#host = new URL(server.url).host;
    context.on("request", (request) => browser.requests.push(request.url()));
    context.on("page", (page) => browser.#listen(page));
    for (const page of context.pages()) browser.#listen(page);
    return browser;
  }

  #listen(page) {
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(`${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.errors.push(String(error)));
    page.on("websocket", (socket) => {
      this.sockets.push(socket.url());
      this.requests.push(socket.url());
      socket.on("framesent", ({ payload }) => this.sent.push(String(payload)));
      socket.on("framereceived", ({ payload }) => this.received.push(String(payload)));
    });
  }

  /** Addresses of other hosts among the requests. What is data of the page itself is of no host. */
  strangers() {
    const local = ["data:", "blob:", "about:"];
    return this.requests.filter((url) => !local.includes(new URL(url).protocol) && new URL(url).host !== this.#host);
  }

  /** A page beside the playground, with nothing of it. */
  another() {
    return this.#context.newPage();
  }

  /** The playground, when it can be used. */
  async playground(server) {
    const [page] = this.#context.pages();
    await page.goto(`${server.url}/playground`);
    await page.getByText("server is up").waitFor();
    // The editor has its text, and knows the schema.
    await page.locator(".graphiql-query-editor .view-line").first().waitFor();
    await page.locator(".graphiql-sidebar .graphiql-spin").waitFor({ state: "detached" });
    return page;
  }

  /** Nothing went to another host and nothing went wrong; `expected` tells errors that had to come. */
  check(expected = () => false) {
    assert.ok(this.requests.length > 0, "requests are seen at all");
    assert.deepEqual(this.strangers(), [], "requests to other hosts");
    assert.deepEqual(this.errors.filter((error) => !expected(error)), [], "errors in the browser");
  }

  async close() {
    await this.#context.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A picture of the page, to be looked at. */
export async function picture(page, name) {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`), animations: "disabled" });
}
