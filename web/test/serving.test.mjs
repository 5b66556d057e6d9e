// How the files of the playground are served.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server } from "../../clients/support/server.mjs";

let server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

test("the page is asked for again, what it loads is kept for good", async () => {
  const page = await fetch(`${server.url}/`);
  assert.equal(page.url, `${server.url}/playground`);
  assert.equal(page.headers.get("cache-control"), "no-cache");
  const policy = page.headers.get("content-security-policy");
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /https?:|\*/);

  const html = await page.text();
  const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path);
  assert.ok(loaded.length >= 3, html);
  for (const path of loaded) {
    const file = await fetch(`${server.url}${path}`);
    assert.equal(file.status, 200, path);
    assert.match(file.headers.get("cache-control"), /immutable/, path);
    const etag = file.headers.get("etag");
    const plain = await fetch(`${server.url}${path}`, { headers: { "accept-encoding": "identity" } });
    assert.equal(plain.headers.get("content-encoding"), null);
    assert.equal(await plain.text(), await file.text(), path);
    const again = await fetch(`${server.url}${path}`, { headers: { "if-none-match": etag } });
    assert.equal(again.status, 304, path);
  }
});

test("there is nothing beside what was built", async () => {
  for (const path of ["/playground/index.html", "/playground/assets/none.js", "/playground/..%2f..%2fCargo.toml"]) {
    assert.equal((await fetch(`${server.url}${path}`)).status, 404, path);
  }
});
