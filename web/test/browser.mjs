// A headless Chromium that can reach the server and nothing else, and remembers what went wrong in it.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { BOUND } from "../../clients/support/until.mjs";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const pictures = fileURLToPath(new URL("out", import.meta.url));

export class Browser {
  #context;
  #directory;
  /** Addresses of other hosts that anything in the browser asked for. */
  strangers = [];
  /** Errors that a page wrote to its console or threw. */
  errors = [];
  /** Addresses of the WebSockets that pages opened. */
  sockets = [];

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
    const { host } = new URL(server.url);
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (!["data:", "blob:"].includes(url.protocol) && url.host !== host) browser.strangers.push(url.href);
    });
    context.on("page", (page) => browser.#listen(page, host));
    for (const page of context.pages()) browser.#listen(page, host);
    return browser;
  }

  #listen(page, host) {
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(`${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.errors.push(String(error)));
    page.on("websocket", (socket) => {
      this.sockets.push(socket.url());
      if (new URL(socket.url()).host !== host) this.strangers.push(socket.url());
    });
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
    assert.deepEqual(this.strangers, [], "requests to other hosts");
    assert.deepEqual(this.errors.filter((error) => !expected(error)), [], "errors in the browser");
  }

  async close() {
    await this.#context.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A picture of the page, to be looked at. */
export async function picture(page, name) {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), animations: "disabled" });
}
