// One line about an answer, for the guide.

import type { Answer } from "./http";

export interface Outcome {
  good: boolean;
  text: string;
}

interface Payload {
  userErrors?: { code?: string; message: string }[];
}

export function outcomeOf(answer: Answer): Outcome {
  const [error] = answer.errors ?? [];
  if (error) return { good: false, text: error.message };
  for (const payload of Object.values(answer.data ?? {})) {
    const [refused] = (payload as Payload | null)?.userErrors ?? [];
    if (refused) return { good: false, text: refused.code ? `${refused.code}: ${refused.message}` : refused.message };
  }
  return { good: true, text: told(answer.data ?? {}) };
}

/** What is most worth knowing of the data of the ready operations; nothing of others. */
function told(data: Record<string, unknown>): string {
  const { login, register, grab, pay, topUpBalance, campaign, campaigns, orderStatus, campaignUpdated } =
    data as Record<string, any>;
  const user = login?.user ?? register?.user;
  if (user) return `Signed in as ${user.username}.`;
  if (campaigns?.nodes) return `${campaigns.nodes.length} campaigns.`;
  if (grab?.order) return `The order is ${grab.order.status}. ${grab.remaining} are left.`;
  if (pay?.order) return `The order is ${pay.order.status}.`;
  if (topUpBalance?.user) return `${topUpBalance.user.username} has ${money(topUpBalance.user.balance)}.`;
  if (campaign?.report) {
    const { grabs, paid, available, balanced } = campaign.report;
    return `${grabs} grabbed, ${paid} paid, ${available} available: ${balanced ? "balanced" : "NOT BALANCED"}.`;
  }
  if (orderStatus) return `An order is ${orderStatus.status}.`;
  if (campaignUpdated) return `${campaignUpdated.remaining} are left.`;
  return "Done.";
}

function money(value: { amount: string; currencyCode: string } | undefined): string {
  return value ? `${value.amount} ${value.currencyCode}` : "what it says";
}
