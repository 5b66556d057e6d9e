// Server-sent events out of a body that arrives in pieces.

/** Yields `{ event, data }` for each event; data is text. */
export async function* events(body) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of body) {
    text += decoder.decode(piece, { stream: true });
    const blocks = text.split(/\r?\n\r?\n/);
    text = blocks.pop();
    for (const block of blocks) {
      const fields = block.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith(":"));
      if (fields.length === 0) continue;
      const of = (name) =>
        fields.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trimStart());
      yield { event: of("event")[0] ?? "message", data: of("data").join("\n") };
    }
  }
}
