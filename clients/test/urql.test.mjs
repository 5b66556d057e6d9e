// urql: fetchExchange for queries and mutations, and for subscriptions either graphql-ws or fetchExchange itself, which
// takes server-sent events and multipart answers.

import { createClient } from "graphql-ws";
import { Client, fetchExchange, subscriptionExchange } from "urql";
import WebSocket from "ws";
import { overMedia } from "../support/media.mjs";
import { socketOptions } from "../support/socket.mjs";
import { refused, suite } from "../support/suite.mjs";

suite("urql with graphql-ws", ({ server, token }) => {
  const socket = createClient(socketOptions(server, token, WebSocket));
  const forwardSubscription = ({ query, variables }) => ({
    subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query: query ?? "", variables }, sink) }),
  });
  const client = new Client({
    ...options(server, token),
    exchanges: [fetchExchange, subscriptionExchange({ forwardSubscription })],
  });
  return urql(client, () => socket.dispose());
});

suite("urql over HTTP alone", ({ server, token }) => {
  const { fetch, check } = overMedia("text/event-stream");
  const client = new Client({ ...options(server, token), fetch, fetchSubscriptions: true, exchanges: [fetchExchange] });
  return { ...again(urql(client)), check };
});

function options(server, token) {
  return { url: server.graph, preferGetMethod: false, fetchOptions: { headers: { authorization: `Bearer ${token}` } } };
}

function urql(client, close = () => {}) {
  const once = async (source) => {
    const { data, error } = await source.toPromise();
    if (error) throw told(error);
    return data;
  };
  return {
    query: (query, variables) => once(client.query(query, variables, { requestPolicy: "network-only" })),
    mutate: (mutation, variables) => once(client.mutation(mutation, variables)),
    subscribe(query, variables, { next, error, complete }) {
      let last = {};
      const { unsubscribe } = client.subscription(query, variables).subscribe((result) => {
        // The end is told by the last result once more.
        if (result.error && !last.error) error(told(result.error));
        if (result.data && result.data !== last.data) next(result.data);
        if (!result.hasNext && !result.error) complete();
        last = result;
      });
      return unsubscribe;
    },
    close,
  };
}

function told(error) {
  return error.graphQLErrors.length > 0 ? refused(error.graphQLErrors) : error;
}

/** urql's own fetch does not subscribe again when its connection is lost: an application does. */
function again(client) {
  const subscribe = (query, variables, observer) => {
    let stop = () => {};
    let ended = false;
    const begin = () => {
      stop = client.subscribe(query, variables, {
        ...observer,
        error(cause) {
          if (cause.codes || ended) observer.error(cause);
          else setTimeout(begin, 100);
        },
      });
    };
    begin();
    return () => {
      ended = true;
      stop();
    };
  };
  return { ...client, subscribe };
}
