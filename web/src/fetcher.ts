// What the editor calls to run an operation.

import type { Fetcher } from "@graphiql/toolkit";
import type { TabsState } from "@graphiql/react";
import { getOperationAST, parse, type OperationDefinitionNode } from "graphql";
import { post, refusal, type Answer, type Operation } from "./http";
import { learn } from "./learn";
import { subscribe, type Observer, type Running } from "./live";
import { store } from "./store";
import { fill, Missing } from "./values";

/** How the last run of each operation ended, by its name. */
export const outcomes = store<Record<string, Answer | undefined>>({});

function told(name: string, answer: Answer | undefined): void {
  outcomes.set({ ...outcomes.get(), [name]: answer });
}

/** Subscriptions that run, by the tab that started them. */
const running = new Map<string, Running>();
/** The subscription whose answers the editor shows. */
let shown: { tab: string; leave: () => void } | null = null;
let activeTab = "";

export const fetcher: Fetcher = async ({ query, variables, operationName }, options) => {
  const operation = operationOf(query, operationName);
  const name = operation?.name?.value;
  const introspects = operationName === "IntrospectionQuery";
  const headers = () => headersOf(options?.headers ?? {}, introspects);
  if (name) told(name, undefined);
  let request: Operation;
  try {
    request = { query, variables: await fill((variables ?? {}) as Record<string, unknown>), operationName: name };
    await headers();
  } catch (cause) {
    return finished(name, missing(cause));
  }
  if (operation?.operation === "subscription") return stream(request, headers);
  const answer = await post(request, await headers());
  if (introspects) return answer as never;
  await learn(answer);
  return finished(name, answer);
};

function finished(name: string | undefined, answer: Answer): never {
  if (name) told(name, answer);
  // The editor shows any JSON; its types ask for what graphql-js would return.
  return answer as never;
}

function missing(cause: unknown): Answer {
  if (cause instanceof Missing) return refusal(`Not sent. ${cause.message}.`);
  throw cause;
}

async function headersOf(headers: Record<string, unknown>, introspects: boolean): Promise<Record<string, string>> {
  try {
    const filled = await fill(headers);
    return Object.fromEntries(Object.entries(filled).map(([name, value]) => [name.toLowerCase(), String(value)]));
  } catch (cause) {
    // The schema is for everybody.
    if (introspects && cause instanceof Missing) return {};
    throw cause;
  }
}

/** The operation that is meant. The editor's name for it is a moment old after a change of the tab. */
function operationOf(query: string, name: string | null | undefined): OperationDefinitionNode | null {
  try {
    const document = parse(query);
    return getOperationAST(document, name) ?? getOperationAST(document) ?? null;
  } catch {
    // The server says what is wrong with it.
    return null;
  }
}

/** An observable, as the editor understands one. Leaving the tab does not end the subscription; stopping it does. */
function stream(request: Operation, headers: () => Promise<Record<string, string>>): never {
  const tab = activeTab;
  const observable = {
    subscribe(observer: Observer) {
      running.get(tab)?.stop();
      let watched = true;
      const name = request.operationName;
      const started = subscribe(request, headers, {
        next(answer) {
          if (name) told(name, answer);
          if (watched) observer.next(answer);
        },
        complete() {
          running.delete(tab);
          if (watched) observer.complete();
        },
      });
      running.set(tab, started);
      const leave = () => {
        watched = false;
        shown = null;
        observer.complete();
      };
      shown = { tab, leave };
      return {
        unsubscribe() {
          watched = false;
          if (shown?.tab === tab) shown = null;
          // The editor unsubscribes for a click on "stop", and before it changes to another tab. Which one it is shows
          // when it is done: see `tabsChanged`.
          queueMicrotask(() => {
            if (activeTab !== tab) return;
            running.delete(tab);
            started.stop();
          });
        },
      };
    },
  };
  return observable as never;
}

/** Called by the editor whenever something about its tabs has changed. */
export function tabsChanged({ tabs, activeTabIndex }: TabsState): void {
  activeTab = tabs[activeTabIndex]?.id ?? "";
  for (const [tab, started] of running) {
    if (tabs.some(({ id }) => id === tab)) continue;
    running.delete(tab);
    started.stop();
  }
  const left = shown;
  // Not before the editor is done with its change.
  if (left && left.tab !== activeTab) queueMicrotask(left.leave);
}

/** Ends a subscription from outside of the editor. */
export function stop(id: number): void {
  for (const [tab, started] of running) {
    if (started.id !== id) continue;
    running.delete(tab);
    started.stop();
    if (shown?.tab === tab) shown.leave();
  }
}

/** Whether an operation of this tab is being watched. */
export function watches(tab: string): boolean {
  return running.has(tab);
}
