// The token of a socket. The server ends a socket with the token that it was opened with, unless it is told a newer one of
// the same user before: then a subscription may go on for days.

import { subjectOf } from "./session";

/** Milliseconds between looks at the token; a look exchanges it when it is about to end. */
const LOOK_EVERY = 5_000;
/** What the server closes a socket with when its token is no good, or no good any more. */
const FORBIDDEN = 4403;

export interface Credentials {
  /** What a socket is opened with. */
  open(): Promise<Record<string, string>>;
  /** Called when the server has accepted it: keeps it good for as long as it is open. */
  keep(socket: WebSocket): void;
  /** Called when it is closed. */
  let(): void;
  /** Whether another socket may be let in where this one ended. */
  worthAnother(cause: unknown): boolean;
}

/** `headers` are those of the operation as they would be sent now. */
export function credentials(headers: () => Promise<Record<string, string>>): Credentials {
  let subject: string | null | undefined;
  let sent: string | undefined;
  let accepted = false;
  let timer: ReturnType<typeof setInterval> | undefined;

  const renew = async (socket: WebSocket) => {
    const { authorization } = await headers();
    if (!authorization || authorization === sent || subjectOf(authorization) !== subject) return;
    if (socket.readyState !== WebSocket.OPEN) return;
    sent = authorization;
    socket.send(JSON.stringify({ type: "ping", payload: { authorization } }));
  };

  return {
    async open() {
      accepted = false;
      const now = await headers();
      const whose = subjectOf(now["authorization"]);
      // What runs goes on for whom it was begun.
      if (subject !== undefined && whose !== subject) throw new Error("Somebody else is signed in by now: run it again.");
      subject = whose;
      sent = now["authorization"];
      return now;
    },
    keep(socket) {
      accepted = true;
      clearInterval(timer);
      // Nobody is signed in any more: then it ends with its token.
      timer = setInterval(() => void renew(socket).catch(() => {}), LOOK_EVERY);
    },
    let() {
      clearInterval(timer);
    },
    // A page that slept has missed the end of its token, and may come with the next one. One that was not let in at all
    // would not be let in again.
    worthAnother: (cause) => (cause as Partial<CloseEvent>).code !== FORBIDDEN || accepted,
  };
}
