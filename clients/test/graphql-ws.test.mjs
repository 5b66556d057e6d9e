// graphql-ws: everything over one socket.

import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { refused, suite } from "../support/suite.mjs";
import { socketOptions } from "../support/socket.mjs";

suite("graphql-ws", ({ server, token }) => {
  const client = createClient(socketOptions(server, token, WebSocket));

  const once = async (query, variables) => {
    let result;
    await new Promise((resolve, reject) => {
      client.subscribe({ query, variables }, { next: (value) => (result = value), error: reject, complete: resolve });
    }).catch((cause) => {
      throw Array.isArray(cause) ? refused(cause) : cause;
    });
    if (result.errors) throw refused(result.errors);
    return result.data;
  };

  return {
    query: once,
    mutate: once,
    subscribe: (query, variables, { next, error, complete }) =>
      client.subscribe(
        { query, variables },
        {
          next: ({ data, errors }) => (errors ? error(refused(errors)) : next(data)),
          error: (cause) => error(Array.isArray(cause) ? refused(cause) : cause),
          complete,
        },
      ),
    close: () => client.dispose(),
  };
});
