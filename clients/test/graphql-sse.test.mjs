// graphql-sse in its mode of distinct connections: each operation is a request of its own, answered with events.

import { createClient } from "graphql-sse";
import { refused, suite } from "../support/suite.mjs";

suite("graphql-sse", ({ server, token }) => {
  const client = createClient({
    url: server.graph,
    singleConnection: false,
    headers: { authorization: `Bearer ${token}` },
    retryAttempts: Number.POSITIVE_INFINITY,
    retry: (retries) => new Promise((go) => setTimeout(go, Math.min(50 * 2 ** retries, 1_000))),
  });

  const subscribe = (query, variables, { next, error, complete }) =>
    client.subscribe(
      { query, variables },
      {
        next: ({ data, errors }) => (errors ? error(refused(errors)) : next(data)),
        error: (cause) => error(Array.isArray(cause) ? refused(cause) : cause),
        complete,
      },
    );

  const once = (query, variables) =>
    new Promise((resolve, reject) => {
      let data;
      subscribe(query, variables, {
        next: (value) => (data = value),
        error: reject,
        complete: () => resolve(data),
      });
    });

  return { query: once, mutate: once, subscribe, close: () => client.dispose() };
});
