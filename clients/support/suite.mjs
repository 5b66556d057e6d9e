// What every client must be able to do with the server. A client is an object of:
//
//   query(document, variables), mutate(document, variables)
//       the data, or a thrown error with `codes`: the codes of the GraphQL errors
//   subscribe(document, variables, { next, error, complete })
//       `next` gets the data; returns a function that ends the subscription
//   check()
//       optional: throws unless a subscription came over what it should come over
//   close()

import { randomUUID } from "node:crypto";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { CAMPAIGNS, GRAB, NO_ORDER, WATCH, WRONG_QUERY, WRONG_WATCH } from "./operations.mjs";
import { pay, refund, signIn } from "./people.mjs";
import { Server } from "./server.mjs";
import { until } from "./until.mjs";

export function suite(name, make) {
  describe(name, () => {
    let server, token, client;

    before(async () => {
      server = await Server.start();
      token = await signIn(server);
      client = make({ server, token });
    });

    after(async () => {
      await client?.close();
      await server?.stop();
    });

    test("queries", async () => {
      const { campaigns } = await client.query(CAMPAIGNS, {});
      const earbuds = campaigns.nodes.find(({ title }) => title.includes("earbuds"));
      assert.deepEqual(earbuds.eligibility, { ...earbuds.eligibility, eligible: true, reasons: [] });
      assert.equal(earbuds.state, "LIVE");
    });

    test("is told what is wrong with a query", async () => {
      await assert.rejects(client.query(WRONG_QUERY, {}), ({ codes }) => {
        assert.deepEqual(codes, ["GRAPHQL_VALIDATION_FAILED"]);
        return true;
      });
    });

    test("mutates, and sees every state of an order until it can change no more", async () => {
      const order = await grab(client);
      const seen = watch(client, order);
      await until("the order waits for its payment", () => seen.states.includes("PENDING_PAYMENT"));
      await pay(server, order, token);
      await until("the order is paid", () => seen.states.includes("PAID"));
      assert.equal(seen.ended, false);
      await refund(server, order);
      await until("the subscription has ended", () => seen.ended);
      assert.deepEqual(seen.errors, []);
      assert.equal(seen.states.at(-1), "REFUNDED");
      // Each state once, and in order.
      assert.deepEqual(seen.versions, [...new Set(seen.versions)].sort((a, b) => a - b));
      client.check?.();
    });

    for (const [what, end] of [
      ["a crash", () => server.kill()],
      ["an orderly restart", () => server.quit()],
    ]) {
      test(`goes on watching over ${what} of the server`, async () => {
        const order = await grab(client);
        const seen = watch(client, order);
        await until("the order waits for its payment", () => seen.states.includes("PENDING_PAYMENT"));
        await end();
        await server.begin();
        await pay(server, order, token);
        await until("the order is paid", () => seen.states.includes("PAID"));
        await refund(server, order);
        await until("the subscription has ended", () => seen.ended);
        assert.deepEqual(seen.errors, []);
        assert.equal(seen.states.at(-1), "REFUNDED");
        // What was known may be told again after the reconnection; nothing is told backwards.
        assert.deepEqual(seen.versions, [...seen.versions].sort((a, b) => a - b));
      });
    }

    test("is told what is wrong with a subscription", async () => {
      for (const [document, variables, code] of [
        [WRONG_WATCH, {}, "GRAPHQL_VALIDATION_FAILED"],
        [WATCH, { order: NO_ORDER }, "NOT_FOUND"],
      ]) {
        const seen = collect(client, document, variables);
        await until(`${code} is told`, () => seen.errors.length > 0);
        assert.deepEqual(seen.errors, [code]);
      }
    });
  });
}

async function grab(client) {
  const { campaigns } = await client.query(CAMPAIGNS, {});
  const { id } = campaigns.nodes.find(({ title }) => title.includes("earbuds"));
  const input = { campaignId: id, quantity: 1, idempotencyKey: randomUUID() };
  const { grab } = await client.mutate(GRAB, { input });
  assert.deepEqual(grab.userErrors, []);
  return grab.order.id;
}

function watch(client, order) {
  return collect(client, WATCH, { order });
}

/** What a subscription tells. `errors` holds the codes of GraphQL errors, and the messages of others. */
function collect(client, document, variables) {
  const seen = { states: [], versions: [], errors: [], ended: false };
  client.subscribe(document, variables, {
    next({ orderStatus }) {
      seen.states.push(orderStatus.status);
      seen.versions.push(orderStatus.version);
    },
    error(error) {
      seen.errors.push(...(error.codes ?? [String(error)]));
      seen.ended = true;
    },
    complete() {
      seen.ended = true;
    },
  });
  return seen;
}

/** An error with the codes of GraphQL errors. */
export function refused(errors) {
  const codes = errors.map(({ extensions, message }) => extensions?.code ?? message);
  return Object.assign(new Error(JSON.stringify(errors)), { codes });
}
