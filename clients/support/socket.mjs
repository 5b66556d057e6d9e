// How a front end sets graphql-ws up, so that a server that is started again is waited for.

export function socketOptions(server, token, webSocketImpl) {
  return {
    url: server.socket,
    webSocketImpl,
    connectionParams: () => ({ authorization: `Bearer ${token}` }),
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: (retries) => new Promise((go) => setTimeout(go, Math.min(50 * 2 ** retries, 1_000))),
  };
}
