// The bar above the editor: who is signed in, and whether the server is there.

import { look, presence } from "./server";
import { forget, sessions, type Part } from "./session";
import { useStore } from "./store";
import { AWAY } from "./http";
import mark from "./icon.svg";

const SAYS = { unknown: "looking for the server", here: "server is up", away: "server is away" };

export function Header() {
  const there = useStore(presence);
  return (
    <header className="bar">
      <img src={mark} alt="" width="24" height="24" />
      <strong>spike</strong>
      <span className="role">playground</span>
      <span className="space" />
      <Person part="customer" />
      <Person part="administrator" />
      <span className={`presence ${there}`} role="status">
        {SAYS[there]}
      </span>
    </header>
  );
}

function Person({ part }: { part: Part }) {
  const session = useStore(sessions)[part];
  if (!session) return <span className="person nobody">no {part}</span>;
  return (
    <span className="person" data-part={part}>
      <span className="role">{part}</span> {session.username}
      <button type="button" title={`Forget the token of the ${part}`} onClick={() => forget(part)}>
        ×
      </button>
    </span>
  );
}

/** Shown while the server is away. */
export function Away() {
  if (useStore(presence) !== "away") return null;
  return (
    <div className="banner" role="alert">
      <span>{AWAY}</span>
      <button type="button" onClick={() => void look()}>
        look again
      </button>
    </div>
  );
}
