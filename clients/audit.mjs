// The audits of GraphQL over HTTP that npm graphql-http brings, against a running server: all of them must be ok.
//
//   node audit.mjs [URL]     without a URL, a server is started

import { serverAudits } from "graphql-http";
import { Server } from "./support/server.mjs";

const server = process.argv[2] ? null : await Server.start();
try {
  const audits = serverAudits({ url: process.argv[2] ?? server.graph, fetchFn: fetch });
  const failed = [];
  for (const audit of audits) {
    const result = await audit.fn();
    if (result.status !== "ok") failed.push(`${result.status}\t${audit.id}\t${audit.name}: ${result.reason}`);
    // What an answer still has to say is not waited for.
    await result.response?.body?.cancel().catch(() => {});
  }
  for (const line of failed) console.log(line);
  console.log(`graphql-http audits: ${audits.length - failed.length} of ${audits.length} ok`);
  if (failed.length > 0) process.exitCode = 1;
} finally {
  await server?.stop();
}
