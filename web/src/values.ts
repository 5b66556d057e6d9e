// {{names}} that stand for what earlier answers told: tokens, ids. They are filled in when an operation is sent, so that
// nobody copies a token, and none is written into a tab.

import { sessions, token, type Part } from "./session";
import { store, tabStore, type Store } from "./store";

export type Values = Record<string, string>;

/** Ids that are in hand. Shown, and can be changed. */
export const values = tabStore<Values>("spike:values", { customerPhone: "+10005550101" });

/** Passwords that were typed in. They are in the memory of the page and nowhere else. */
export const passwords: Store<Values> = store<Values>({});

export interface Campaign {
  id: string;
  title: string;
  state: string;
}

/** Campaigns that were seen, to choose one from. */
export const campaigns = tabStore<Campaign[]>("spike:campaigns", []);

/** A name has nothing to stand for yet. */
export class Missing extends Error {}

/** What to do to get it. */
const HINTS: Record<string, string> = {
  customerToken: "nobody is signed in as a customer: run SignIn first, or take the header out",
  adminToken: "nobody is signed in as an administrator: run AdminSignIn first",
  customerId: "nobody is signed in as a customer: run SignIn first",
  customerPassword: "type the password into the guide, on the left",
  adminPassword: "type the administrator's password into the guide, on the left",
  campaign: "no campaign is chosen: run Browse first",
  order: "there is no order yet: run Grab first",
  product: "there is no product yet: run NewProduct first",
};

export function put(name: string, value: string): void {
  values.set({ ...values.get(), [name]: value });
}

const NAME = /\{\{\s*(\w+)\s*\}\}/g;

/** Fills in all names of a text, or throws `Missing`. */
async function filled(text: string): Promise<string> {
  const found = new Map<string, string>();
  for (const [, name = ""] of text.matchAll(NAME)) {
    if (found.has(name)) continue;
    const value = await standsFor(name);
    if (!value) throw new Missing(`{{${name}}}: ${HINTS[name] ?? "there is no such value"}`);
    found.set(name, value);
  }
  return text.replace(NAME, (_, name: string) => found.get(name) ?? "");
}

/** Fills in all texts in a value as JSON has them. */
export async function fill<T>(value: T): Promise<T> {
  if (typeof value === "string") return (await filled(value)) as T;
  if (Array.isArray(value)) return (await Promise.all(value.map(fill))) as T;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).map(async ([key, inner]) => [key, await fill(inner)] as const);
    return Object.fromEntries(await Promise.all(entries)) as T;
  }
  return value;
}

async function standsFor(name: string): Promise<string | null | undefined> {
  const part: Part | undefined = { customerToken: "customer", adminToken: "administrator" }[name] as Part | undefined;
  if (part) return token(part);
  const typed = passwords.get();
  switch (name) {
    case "customerId":
      return values.get()["customerId"] || sessions.get().customer?.userId;
    case "customerPassword":
      return typed["customerPassword"];
    case "adminPassword":
      // `spike demo` gives all accounts one password when it is told which.
      return typed["adminPassword"] || typed["customerPassword"];
    case "freshKey":
      return fresh();
    case "now":
      return new Date().toISOString();
    case "inAnHour":
      return new Date(Date.now() + 3_600_000).toISOString();
    default:
      return values.get()[name];
  }
}

/** Not `randomUUID`, which browsers have on secure origins alone: a playground may be on plain HTTP in a network. */
function fresh(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `playground-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
