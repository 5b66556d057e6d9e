// What others do meanwhile: signing in, paying from another window, refunding. Plain HTTP, no client library.

import { ADMINISTRATOR, LIN, PASSWORD } from "./server.mjs";

export async function ask(server, query, variables, token) {
  const response = await fetch(server.graph, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
}

const SESSION = "session { accessToken accessTokenExpiresAt refreshToken } userErrors { code message }";

/** The session of somebody in the sample. */
export async function session(server, phone = LIN) {
  const login = `mutation($input: LoginInput!) { login(input: $input) { ${SESSION} } }`;
  return sessionOf((await ask(server, login, { input: { phone, password: PASSWORD } })).login);
}

/** The next session, for the refresh token of the last one. */
export async function exchange(server, { refreshToken }) {
  const refresh = `mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { ${SESSION} } }`;
  return sessionOf((await ask(server, refresh, { input: { refreshToken } })).refreshSession);
}

function sessionOf({ session, userErrors }) {
  if (userErrors.length > 0) throw new Error(JSON.stringify(userErrors));
  return session;
}

/** The access token of somebody in the sample. */
export async function signIn(server, phone = LIN) {
  return (await session(server, phone)).accessToken;
}

export async function pay(server, order, token) {
  const mutation = `mutation($input: PayInput!) {
    pay(input: $input) { order { status } userErrors { code message } }
  }`;
  const data = await ask(server, mutation, { input: { orderId: order, idempotencyKey: `pay-${order}` } }, token);
  if (data.pay.order?.status !== "PAID") throw new Error(JSON.stringify(data.pay));
}

/** Gives the money of a paid order back: after that, it can change no more. */
export async function refund(server, order) {
  const mutation = `mutation($input: RefundOrderInput!) {
    refundOrder(input: $input) { order { status } userErrors { code message } }
  }`;
  const administrator = await signIn(server, ADMINISTRATOR);
  const data = await ask(server, mutation, { input: { orderId: order } }, administrator);
  if (data.refundOrder.order?.status !== "REFUNDED") throw new Error(JSON.stringify(data.refundOrder));
}
