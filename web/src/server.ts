// Whether the server is there. Nobody has to reload the page after a restart of it.

import { store } from "./store";

const LOOK_AGAIN_WHEN_AWAY = 1_500;
const LOOK_AGAIN_WHEN_HERE = 15_000;
/** A probe that takes longer than this is not answered. */
const PATIENCE = 5_000;

export type Presence = "unknown" | "here" | "away";

export const presence = store<Presence>("unknown");

let timer: ReturnType<typeof setTimeout> | undefined;

/** Told by whoever has just tried to reach it. */
export function seen(now: "here" | "away"): void {
  if (presence.get() !== now) presence.set(now);
  schedule();
}

/** Asks right away, and from then on now and again. */
export async function look(): Promise<void> {
  try {
    const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    await answer.text();
    seen(answer.ok ? "here" : "away");
  } catch {
    seen("away");
  }
}

function schedule(): void {
  clearTimeout(timer);
  timer = setTimeout(
    () => {
      // A page that nobody looks at asks nothing.
      if (document.visibilityState === "visible") void look();
      else schedule();
    },
    presence.get() === "away" ? LOOK_AGAIN_WHEN_AWAY : LOOK_AGAIN_WHEN_HERE,
  );
}
