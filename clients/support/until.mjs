// Waiting for a condition, within a bound.

const EVERY = 50;
/** Milliseconds. Long, because machines that test are busy. */
export const BOUND = Number(process.env.SPIKE_TEST_PATIENCE_MS ?? 120_000);

/** Returns what `condition` returns once that is true. */
export async function until(what, condition) {
  const deadline = Date.now() + BOUND;
  for (;;) {
    const met = await condition();
    if (met) return met;
    if (Date.now() > deadline) throw new Error(`not within ${BOUND} ms: ${what}`);
    await new Promise((next) => setTimeout(next, EVERY));
  }
}
