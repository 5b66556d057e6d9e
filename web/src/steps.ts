// The ready operations: a sale from the first sign-in to the report, in the order in which one would click.

import AdminSignIn from "./operations/AdminSignIn.graphql?raw";
import Browse from "./operations/Browse.graphql?raw";
import Cancel from "./operations/Cancel.graphql?raw";
import Grab from "./operations/Grab.graphql?raw";
import NewCampaign from "./operations/NewCampaign.graphql?raw";
import NewProduct from "./operations/NewProduct.graphql?raw";
import Pay from "./operations/Pay.graphql?raw";
import Publish from "./operations/Publish.graphql?raw";
import Refund from "./operations/Refund.graphql?raw";
import Register from "./operations/Register.graphql?raw";
import Report from "./operations/Report.graphql?raw";
import Rules from "./operations/Rules.graphql?raw";
import SignIn from "./operations/SignIn.graphql?raw";
import TopUp from "./operations/TopUp.graphql?raw";
import Watch from "./operations/Watch.graphql?raw";
import WatchCampaign from "./operations/WatchCampaign.graphql?raw";

export interface Step {
  /** The name of the operation, which is also the title of its tab. */
  name: string;
  title: string;
  why: string;
  query: string;
  variables?: unknown;
  headers?: unknown;
}

export interface Chapter {
  title: string;
  steps: Step[];
}

export const CUSTOMER = { Authorization: "Bearer {{customerToken}}" };
const ADMINISTRATOR = { Authorization: "Bearer {{adminToken}}" };

export const SALE: Chapter = {
  title: "A sale, click by click",
  steps: [
    {
      name: "SignIn",
      title: "Sign in as a customer",
      why: "Other tabs get the token by themselves.",
      query: SignIn,
      variables: { input: { phone: "{{customerPhone}}", password: "{{customerPassword}}" } },
    },
    {
      name: "Browse",
      title: "See what is on sale",
      why: "And who may take part.",
      query: Browse,
      variables: { states: ["LIVE", "SCHEDULED"], signedIn: true },
      headers: CUSTOMER,
    },
    {
      name: "Watch",
      title: "Watch your orders",
      why: "It goes on below, whichever tab is open.",
      query: Watch,
      headers: CUSTOMER,
    },
    {
      name: "Grab",
      title: "Grab one",
      why: "QUEUED at once; the rest shows below.",
      query: Grab,
      variables: { input: { campaignId: "{{campaign}}", quantity: 1, idempotencyKey: "{{freshKey}}" } },
      headers: CUSTOMER,
    },
    {
      name: "AdminSignIn",
      title: "Sign in as the administrator",
      why: "Headers say whose token a tab sends.",
      query: AdminSignIn,
      variables: { input: { phone: "+10005550100", password: "{{adminPassword}}" } },
    },
    {
      name: "TopUp",
      title: "Give the customer money",
      why: "As the administrator.",
      query: TopUp,
      variables: { input: { userId: "{{customerId}}", amount: { amount: "500.00", currencyCode: "CNY" } } },
      headers: ADMINISTRATOR,
    },
    {
      name: "Pay",
      title: "Pay, as the customer",
      why: "In time, or the unit goes to somebody else.",
      query: Pay,
      variables: { input: { orderId: "{{order}}", idempotencyKey: "pay-{{order}}" } },
      headers: CUSTOMER,
    },
    {
      name: "Report",
      title: "Read the report",
      why: "Every unit is accounted for.",
      query: Report,
      variables: { campaign: "{{campaign}}" },
      headers: ADMINISTRATOR,
    },
  ],
};

export const MORE: Chapter[] = [
  {
    title: "A campaign of your own",
    steps: [
      {
        name: "NewProduct",
        title: "Make a product",
        why: "What campaigns sell.",
        query: NewProduct,
        variables: {
          input: {
            name: "Lantern",
            description: "A lamp for the garden.",
            listPrice: { amount: "99.00", currencyCode: "CNY" },
          },
        },
        headers: ADMINISTRATOR,
      },
      {
        name: "NewCampaign",
        title: "Make a campaign of it",
        why: "A draft. From here on, the other tabs mean this one.",
        query: NewCampaign,
        variables: {
          input: {
            productId: "{{product}}",
            title: "Lanterns at half the price",
            price: { amount: "49.00", currencyCode: "CNY" },
            quantity: 50,
            perUserLimit: 2,
            startsAt: "{{now}}",
            endsAt: "{{inAnHour}}",
          },
        },
        headers: ADMINISTRATOR,
      },
      {
        name: "Rules",
        title: "Say who may take part",
        why: "Rules are expressions over the user. Try a mistake.",
        query: Rules,
        variables: {
          input: {
            campaignId: "{{campaign}}",
            rules: [{ name: "of age", expression: "user.age >= 18", message: "This is for those who are 18 or older." }],
          },
        },
        headers: ADMINISTRATOR,
      },
      {
        name: "Publish",
        title: "Publish it",
        why: "It is live. Browse, grab and pay as before.",
        query: Publish,
        variables: { input: { campaignId: "{{campaign}}" } },
        headers: ADMINISTRATOR,
      },
    ],
  },
  {
    title: "What else can happen",
    steps: [
      {
        name: "Register",
        title: "Register instead of signing in",
        why: "A customer without a balance.",
        query: Register,
        variables: {
          input: {
            username: "li.wei",
            phone: "+86 138 0013 8000",
            password: "a long enough secret",
            birthDate: "1990-05-17",
            workStatus: "EMPLOYED",
          },
        },
      },
      {
        name: "WatchCampaign",
        title: "Watch the campaign",
        why: "What is left, as it changes.",
        query: WatchCampaign,
        variables: { campaign: "{{campaign}}" },
      },
      {
        name: "Cancel",
        title: "Cancel an order",
        why: "Before it is paid; the unit is back at once.",
        query: Cancel,
        variables: { input: { orderId: "{{order}}" } },
        headers: CUSTOMER,
      },
      {
        name: "Refund",
        title: "Refund an order",
        why: "After it was paid, by the administrator.",
        query: Refund,
        variables: { input: { orderId: "{{order}}" } },
        headers: ADMINISTRATOR,
      },
    ],
  },
];

/** What the editors of a tab hold. */
export function tabOf({ query, variables, headers }: Step): { query: string; variables: string; headers: string } {
  const json = (value: unknown) => (value === undefined ? "" : JSON.stringify(value, null, 2));
  return { query, variables: json(variables), headers: json(headers) };
}
