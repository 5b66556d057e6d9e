// What the clients are made to do.

export const CAMPAIGNS = `query Campaigns {
  campaigns(states: [LIVE]) { nodes { id title state remaining eligibility { eligible reasons } } }
}`;

export const GRAB = `mutation Grab($input: GrabInput!) {
  grab(input: $input) { order { id status quantity } remaining userErrors { code message } }
}`;

export const WATCH = `subscription Watch($order: ID!) {
  orderStatus(orderId: $order) { id status version }
}`;

/** A field that the graph does not have. */
export const WRONG_QUERY = "query Wrong { campaigns { colour } }";
export const WRONG_WATCH = "subscription Wrong { orderStatus { colour } }";

/** An order that there is not, by its form. */
export const NO_ORDER = "order_00000000000000000000000000";
