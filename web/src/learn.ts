// What the page takes out of an answer, for the operations that come after it.

import type { Answer } from "./http";
import { noticeSession } from "./session";
import { campaigns, put, values, type Campaign } from "./values";

/** Where in an answer an id is that later operations want. */
const IDS: [value: string, field: string, inner: string][] = [
  ["order", "grab", "order"],
  ["product", "createProduct", "product"],
  ["campaign", "createCampaign", "campaign"],
];

export async function learn(answer: Answer): Promise<void> {
  await noticeSession(answer);
  const data = (answer.data ?? {}) as Record<string, Record<string, unknown> | null>;
  for (const [value, field, inner] of IDS) {
    const id = (data[field]?.[inner] as { id?: unknown } | null | undefined)?.id;
    if (typeof id === "string") put(value, id);
  }
  const created = data["createCampaign"]?.["campaign"];
  const listed = data["campaigns"]?.["nodes"];
  if (Array.isArray(listed)) seen(listed.filter(isCampaign));
  else if (isCampaign(created)) seen([created, ...campaigns.get()]);
}

/** The list to choose from. Unless one of them is chosen already, it is the oldest that is live: the list runs backwards. */
function seen(list: Campaign[]): void {
  campaigns.set(list.map(({ id, title, state }) => ({ id, title, state })));
  const chosen = values.get()["campaign"];
  if (chosen && list.some(({ id }) => id === chosen)) return;
  const first = list.findLast(({ state }) => state === "LIVE") ?? list[0];
  if (first) put("campaign", first.id);
}

function isCampaign(value: unknown): value is Campaign {
  const { id, title, state } = (value ?? {}) as Record<string, unknown>;
  return typeof id === "string" && typeof title === "string" && typeof state === "string";
}
