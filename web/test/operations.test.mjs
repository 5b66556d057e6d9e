// The ready operations are operations of the graph as it is.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildSchema, parse, validate } from "graphql";

const here = fileURLToPath(new URL("..", import.meta.url));
const operations = join(here, "src/operations");
const schema = buildSchema(readFileSync(join(here, "../schema/sdl/schema.graphql"), "utf8"));

for (const file of readdirSync(operations)) {
  test(file, () => {
    const document = parse(readFileSync(join(operations, file), "utf8"));
    assert.deepEqual(validate(schema, document).map(String), []);
    // A tab has the name of its operation, by which the guide finds it.
    const names = document.definitions.map(({ name }) => name?.value);
    assert.deepEqual(names, [basename(file, ".graphql")]);
  });
}
