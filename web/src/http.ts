// One operation over HTTP.

import { store } from "./store";
import { seen } from "./server";

export interface Operation {
  query: string;
  variables?: Record<string, unknown> | undefined;
  operationName?: string | undefined;
}

export interface GraphError {
  message: string;
  path?: (string | number)[];
  extensions?: { code?: string } & Record<string, unknown>;
}

export interface Answer {
  data?: Record<string, unknown> | null;
  errors?: GraphError[];
  extensions?: Record<string, unknown>;
}

/** What is worth knowing of the last answer beside its body. */
export interface Receipt {
  status: number;
  millis: number;
  traceId: string | null;
}

export const receipt = store<Receipt | null>(null);

export const AWAY =
  "The server does not answer. Start it with `make run` (or `spike serve`); this page notices by itself when it is back.";

/** An answer that comes from this page and not from the server, in the form of one. */
export function refusal(message: string): Answer {
  return { errors: [{ message, extensions: { code: "PLAYGROUND" } }] };
}

export async function post(operation: Operation, headers: Record<string, string>): Promise<Answer> {
  const began = performance.now();
  let response: Response;
  try {
    response = await fetch("/graphql", {
      method: "POST",
      headers: {
        accept: "application/graphql-response+json, application/json;q=0.9",
        "content-type": "application/json",
        ...headers,
      },
      body: JSON.stringify(operation),
    });
  } catch {
    seen("away");
    receipt.set(null);
    return refusal(AWAY);
  }
  seen("here");
  const text = await response.text().catch(() => "");
  receipt.set({
    status: response.status,
    millis: Math.round(performance.now() - began),
    traceId: response.headers.get("x-trace-id"),
  });
  try {
    return JSON.parse(text) as Answer;
  } catch {
    return refusal(`The server answered with HTTP ${response.status} and no GraphQL: ${text.slice(0, 200)}`);
  }
}
