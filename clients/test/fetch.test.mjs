// No client library at all: POST for queries and mutations, and server-sent events for subscriptions.

import { events } from "../support/events.mjs";
import { refused, suite } from "../support/suite.mjs";

suite("fetch", ({ server, token }) => {
  const post = (query, variables, accept, signal) =>
    fetch(server.graph, {
      method: "POST",
      headers: { accept, "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
      signal,
    });

  const once = async (query, variables) => {
    const response = await post(query, variables, "application/graphql-response+json, application/json;q=0.9");
    const { data, errors } = await response.json();
    if (errors) throw refused(errors);
    return data;
  };

  const open = new Set();
  const subscribe = (query, variables, observer) => {
    const controller = new AbortController();
    open.add(controller);
    void follow(query, variables, observer, controller.signal).finally(() => open.delete(controller));
    return () => controller.abort();
  };

  /** Asks again when the connection is lost, until the server says that it was all. */
  async function follow(query, variables, { next, error, complete }, signal) {
    for (;;) {
      try {
        const response = await post(query, variables, "text/event-stream", signal);
        if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
          const { errors } = await response.json();
          return error(refused(errors ?? [{ message: `HTTP ${response.status} without events` }]));
        }
        for await (const { event, data } of events(response.body)) {
          if (event === "complete") return complete();
          const answer = JSON.parse(data);
          if (answer.errors) return error(refused(answer.errors));
          next(answer.data);
        }
      } catch (cause) {
        if (signal.aborted) return undefined;
        if (cause instanceof SyntaxError) return error(cause);
      }
      await new Promise((go) => setTimeout(go, 100));
    }
  }

  return { query: once, mutate: once, subscribe, close: () => open.forEach((controller) => controller.abort()) };
});
