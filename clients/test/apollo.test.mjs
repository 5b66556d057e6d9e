// Apollo Client 4: HttpLink for queries and mutations, and for subscriptions either GraphQLWsLink or, without a socket,
// the multipart answers of HttpLink itself.

import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { RetryLink } from "@apollo/client/link/retry";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { getMainDefinition } from "@apollo/client/utilities";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { overMedia } from "../support/media.mjs";
import { socketOptions } from "../support/socket.mjs";
import { refused, suite } from "../support/suite.mjs";

// GraphQLWsLink looks at the global one when an operation is refused. Browsers have it, and Node from 22 on.
globalThis.WebSocket ??= WebSocket;

suite("@apollo/client with GraphQLWsLink", ({ server, token }) => {
  const socket = createClient(socketOptions(server, token, WebSocket));
  return apollo(ApolloLink.split(isSubscription, new GraphQLWsLink(socket), http(server, token)), () => socket.dispose());
});

suite("@apollo/client over HTTP alone, with multipart subscriptions", ({ server, token }) => {
  const retry = new RetryLink({ delay: { initial: 50, max: 1_000 }, attempts: { max: 1_000, retryIf: isLoss } });
  const { fetch, check } = overMedia("multipart/mixed");
  const subscriptions = ApolloLink.from([retry, http(server, token, fetch)]);
  return { ...apollo(ApolloLink.split(isSubscription, subscriptions, http(server, token))), check };
});

function http(server, token, fetch) {
  return new HttpLink({ uri: server.graph, ...(fetch && { fetch }), headers: { authorization: `Bearer ${token}` } });
}

function isSubscription({ query }) {
  const definition = getMainDefinition(query);
  return definition.kind === "OperationDefinition" && definition.operation === "subscription";
}

/** A connection that was lost, and not an answer that says no. */
function isLoss(error) {
  return !CombinedGraphQLErrors.is(error) && error?.statusCode === undefined;
}

function apollo(link, close = () => {}) {
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const told = (error) => (CombinedGraphQLErrors.is(error) ? refused(error.errors) : error);
  const data = async (answer) => {
    try {
      return (await answer).data;
    } catch (error) {
      throw told(error);
    }
  };
  return {
    query: (query, variables) => data(client.query({ query: gql(query), variables, fetchPolicy: "network-only" })),
    mutate: (mutation, variables) => data(client.mutate({ mutation: gql(mutation), variables })),
    subscribe(query, variables, { next, error, complete }) {
      const running = client.subscribe({ query: gql(query), variables }).subscribe({
        next: (answer) => (answer.error ? error(told(answer.error)) : next(answer.data)),
        error: (cause) => error(told(cause)),
        complete,
      });
      return () => running.unsubscribe();
    },
    close() {
      client.stop();
      return close();
    },
  };
}
