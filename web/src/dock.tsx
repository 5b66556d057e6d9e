// The strip below the editor: what subscriptions told, whichever tab is open.

import { stop } from "./fetcher";
import { dismiss, lives, type Live, type LiveEvent } from "./live";
import { useStore } from "./store";

const SAYS = { connecting: "connecting", open: "live", reconnecting: "connection lost, trying again", ended: "ended" };

export function Dock() {
  const all = useStore(lives);
  if (all.length === 0) return null;
  return (
    <aside className="dock" aria-label="Subscriptions">
      {all.map((live) => (
        <Stream key={live.id} live={live} />
      ))}
    </aside>
  );
}

function Stream({ live }: { live: Live }) {
  const ended = live.state === "ended";
  return (
    <section className="stream" data-stream={live.name} data-state={live.state}>
      <h3>
        <span className={`lamp ${live.state}`} aria-hidden="true" />
        {live.name}
        <small>{SAYS[live.state]}</small>
        <span className="space" />
        <button type="button" onClick={() => (ended ? dismiss(live.id) : stop(live.id))}>
          {ended ? "close" : "stop"}
        </button>
      </h3>
      {live.events.length === 0 && !ended && <p className="quiet">Nothing yet. It shows here when it happens.</p>}
      <ol>
        {live.events.map((event) => (
          <Row key={event.number} event={event} />
        ))}
      </ol>
    </section>
  );
}

function Row({ event }: { event: LiveEvent }) {
  const { data, errors } = event.answer;
  const [field, value] = Object.entries(data ?? {})[0] ?? ["", null];
  const { status, state, campaign, ...rest } = (value ?? {}) as Record<string, unknown>;
  const chip = errors ? "ERROR" : (status ?? state);
  const title = (campaign as { title?: string } | undefined)?.title;
  const text = errors ? errors.map(({ message }) => message).join("; ") : spelled({ ...rest, ...(title && { title }) });
  return (
    <li title={JSON.stringify(event.answer, null, 2)}>
      <time>{new Date(event.at).toLocaleTimeString(undefined, { hour12: false })}</time>
      {typeof chip === "string" && <span className={`chip ${chip}`}>{chip}</span>}
      <span className="field">{field}</span>
      <span className="rest">{text}</span>
    </li>
  );
}

function spelled(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join("   ");
}
