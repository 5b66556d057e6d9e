// What the answers that a client fetched came as.

import assert from "node:assert/strict";

/** A `fetch` for a client, and a check whether it got an answer of a media type by it. */
export function overMedia(expected) {
  const seen = new Set();
  return {
    async fetch(url, init) {
      const response = await fetch(url, init);
      seen.add(response.headers.get("content-type")?.split(";")[0]);
      return response;
    },
    check: () => assert.ok(seen.has(expected), `${expected} among ${[...seen]}`),
  };
}
