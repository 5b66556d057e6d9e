// A socket ends with its token, and outlives it when the client sends the next one in time: with graphql-ws, a ping.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { exchange, session } from "../support/people.mjs";
import { Server } from "../support/server.mjs";
import { until } from "../support/until.mjs";

const LIFETIME = 4_000;

test("a socket ends with its token, unless it is told the next one before", async () => {
  const server = await Server.start({ SPIKE__AUTH__ACCESS_TOKEN_LIFETIME: `${LIFETIME}ms` });
  let current = await session(server);
  const first = current;
  const seen = { connected: null, pongs: [], closed: null };
  const client = createClient({
    url: server.socket,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${first.accessToken}` },
    retryAttempts: 0,
    on: {
      connected: (socket) => (seen.connected = socket),
      pong: (received, payload) => received && seen.pongs.push(payload),
      closed: ({ code, reason }) => (seen.closed = { code, reason, at: Date.now() }),
    },
  });
  try {
    client.subscribe({ query: "subscription { orderStatus { id } }" }, { next() {}, error() {}, complete() {} });
    await until("the socket is open", () => seen.connected);

    // As a front end does: exchange the token before it ends, and tell.
    const end = Date.parse(first.accessTokenExpiresAt);
    while (Date.now() < end + LIFETIME / 4) {
      const told = seen.pongs.length;
      current = await exchange(server, current);
      seen.connected.send(
        JSON.stringify({ type: "ping", payload: { authorization: `Bearer ${current.accessToken}` } }),
      );
      await until("the new token is accepted", () => seen.pongs.length > told || seen.closed);
    }
    assert.equal(seen.closed, null, "it is open after the end of its first token");
    assert.deepEqual(seen.pongs.at(-1), { authorized: true });

    await until("the socket has ended with its last token", () => seen.closed);
    assert.equal(seen.closed.code, 4403, seen.closed.reason);
    assert.ok(seen.closed.at >= Date.parse(current.accessTokenExpiresAt), "not sooner than that");
  } finally {
    client.terminate();
    await server.stop();
  }
});
