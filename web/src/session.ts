// Who is signed in: a customer and an administrator at the same time, because a sale needs both.

import { post, type Answer } from "./http";
import { tabStore } from "./store";

export type Part = "customer" | "administrator";

export interface Session {
  userId: string;
  username: string;
  accessToken: string;
  /** Milliseconds since 1970. */
  accessTokenExpiresAt: number;
  refreshToken: string;
}

export type Sessions = Partial<Record<Part, Session>>;

export const sessions = tabStore<Sessions>("spike:sessions", {});

/** A token that ends sooner than this is exchanged before it is used. */
const MARGIN = 30_000;

/** What a mutation gives out that signs somebody in. */
interface Tokens {
  accessToken?: unknown;
  accessTokenExpiresAt?: unknown;
  refreshToken?: unknown;
}

const WHO = "query Who { me { id username roles } }";
const REFRESH = `mutation Refresh($input: RefreshSessionInput!) {
  refreshSession(input: $input) { session { accessToken accessTokenExpiresAt refreshToken } userErrors { message } }
}`;

/** Remembers the session that an answer holds, if it holds one. */
export async function noticeSession(answer: Answer): Promise<void> {
  for (const payload of Object.values(answer.data ?? {})) {
    const session = (payload as { session?: Tokens } | null)?.session;
    if (session) await remember(session);
  }
}

/** Whose token it is, the server tells: not the tab that it was got in, nor the fields that were selected. */
async function remember(tokens: Tokens): Promise<Part | null> {
  const { accessToken, accessTokenExpiresAt, refreshToken } = tokens;
  if (typeof accessToken !== "string") return null;
  const answer = await post({ query: WHO }, bearer(accessToken));
  const me = answer.data?.["me"] as { id: string; username: string; roles: string[] } | null | undefined;
  if (!me) return null;
  const part: Part = me.roles.includes("ADMIN") ? "administrator" : "customer";
  const session: Session = {
    userId: me.id,
    username: me.username,
    accessToken,
    // Without the field, the token is used until it is refused.
    accessTokenExpiresAt:
      typeof accessTokenExpiresAt === "string" ? Date.parse(accessTokenExpiresAt) : Number.MAX_SAFE_INTEGER,
    refreshToken: typeof refreshToken === "string" ? refreshToken : "",
  };
  sessions.set({ ...sessions.get(), [part]: session });
  return part;
}

export function forget(part: Part): void {
  const { [part]: _, ...rest } = sessions.get();
  sessions.set(rest);
}

const refreshing: Partial<Record<Part, Promise<void>>> = {};

/** An access token that works for a while; null if nobody is signed in, or not any more. */
export async function token(part: Part): Promise<string | null> {
  const session = sessions.get()[part];
  if (!session) return null;
  if (Date.now() < session.accessTokenExpiresAt - MARGIN) return session.accessToken;
  // A refresh token works once: whoever else wants one waits for the same exchange.
  refreshing[part] ??= refresh(part, session).finally(() => delete refreshing[part]);
  await refreshing[part];
  return sessions.get()[part]?.accessToken ?? null;
}

async function refresh(part: Part, { refreshToken }: Session): Promise<void> {
  const answer = await post({ query: REFRESH, variables: { input: { refreshToken } } }, {});
  const payload = answer.data?.["refreshSession"] as { session?: Tokens } | null | undefined;
  if (payload?.session) await remember(payload.session);
  // An answer without a session says that the token is no good. No answer says nothing about it.
  else if (payload) forget(part);
}

export function bearer(accessToken: string): Record<string, string> {
  return { authorization: `Bearer ${accessToken}` };
}

/** Whom a token in a header is for, as it says of itself. */
export function subjectOf(authorization: string | undefined): string | null {
  const [, claims] = /^Bearer [\w-]+\.([\w-]+)\./i.exec(authorization ?? "") ?? [];
  if (!claims) return null;
  try {
    const { sub } = JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))) as { sub?: unknown };
    return typeof sub === "string" ? sub : null;
  } catch {
    // It is no token of this server.
    return null;
  }
}
