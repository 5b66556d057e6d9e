// Subscriptions. They outlive a change of the editor's tab, because one watches in order to do something else meanwhile:
// what they tell is kept here and shown at the bottom of the page.

import { CloseCode, createClient, type Client } from "graphql-ws";
import { credentials } from "./credentials";
import { refusal, type Answer, type Operation } from "./http";
import { look, seen } from "./server";
import { store } from "./store";

/** What is kept of each subscription. */
const EVENTS_KEPT = 100;
const LONGEST_WAIT = 5_000;

export interface LiveEvent {
  /** Counts from 1. */
  number: number;
  /** Milliseconds since 1970. */
  at: number;
  answer: Answer;
}

export interface Live {
  id: number;
  name: string;
  state: "connecting" | "open" | "reconnecting" | "ended";
  /** The newest first. */
  events: LiveEvent[];
}

export const lives = store<Live[]>([]);

/** Whoever shows the answers where they were asked for. */
export interface Observer {
  next(answer: Answer): void;
  complete(): void;
}

export interface Running {
  id: number;
  stop(): void;
}

let lastId = 0;

/** `headers` is asked again and again: a token may have been exchanged meanwhile. */
export function subscribe(
  operation: Operation,
  headers: () => Promise<Record<string, string>>,
  observer: Observer,
): Running {
  const id = (lastId += 1);
  lives.set([{ id, name: operation.operationName ?? "subscription", state: "connecting", events: [] }, ...lives.get()]);
  const client = connect(id, headers);
  const told = (answer: Answer) => {
    record(id, answer);
    observer.next(answer);
  };
  const ended = () => {
    change(id, { state: "ended" });
    observer.complete();
    void client.dispose();
  };
  client.subscribe<Record<string, unknown>>(
    { query: operation.query, variables: operation.variables ?? {}, operationName: operation.operationName ?? null },
    {
      next: (result) => told(result as Answer),
      error: (cause) => {
        told(failed(cause));
        ended();
      },
      complete: ended,
    },
  );
  return {
    id,
    stop() {
      change(id, { state: "ended" });
      void client.dispose();
    },
  };
}

function connect(id: number, headers: () => Promise<Record<string, string>>): Client {
  const token = credentials(headers);
  return createClient({
    url: new URL("/graphql", location.href.replace(/^http/, "ws")).href,
    connectionParams: token.open,
    // A server that is restarted is waited for. The codes that say that the client is wrong end it all the same.
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: (retries) => new Promise((go) => setTimeout(go, Math.min(250 * 2 ** retries, LONGEST_WAIT))),
    shouldRetry: token.worthAnother,
    on: {
      connected: (socket) => {
        token.keep(socket as WebSocket);
        seen("here");
        change(id, { state: "open" });
      },
      closed: () => {
        token.let();
        if (find(id)?.state === "ended") return;
        change(id, { state: "reconnecting" });
        void look();
      },
    },
  });
}

function failed(cause: unknown): Answer {
  // GraphQL errors of the subscription itself, a close frame of the server, or something in the browser.
  if (Array.isArray(cause)) return { errors: cause as NonNullable<Answer["errors"]> };
  const { code, reason } = cause as Partial<CloseEvent>;
  // What this page said itself, before there was a conversation.
  if (code === CloseCode.InternalClientError) return refusal(reason || "The socket was not opened.");
  if (typeof code === "number") return refusal(`The server closed the socket with ${code}: ${reason || "no reason told"}`);
  return refusal(cause instanceof Error ? cause.message : "The subscription ended for no reason that was told.");
}

function find(id: number): Live | undefined {
  return lives.get().find((live) => live.id === id);
}

function change(id: number, what: Partial<Live>): void {
  lives.set(lives.get().map((live) => (live.id === id ? { ...live, ...what } : live)));
}

function record(id: number, answer: Answer): void {
  const events = find(id)?.events ?? [];
  const event = { number: (events[0]?.number ?? 0) + 1, at: Date.now(), answer };
  change(id, { state: "open", events: [event, ...events].slice(0, EVENTS_KEPT) });
}

/** Takes one that has ended off the page. */
export function dismiss(id: number): void {
  lives.set(lives.get().filter((live) => live.id !== id));
}
