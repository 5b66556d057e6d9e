// The page: GraphiQL with the guide as a plugin of it, and what is around it.

import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { GraphiQL } from "graphiql";
import { useEffect } from "react";
import { Dock } from "./dock";
import { fetcher, tabsChanged } from "./fetcher";
import { GUIDE } from "./guide";
import { Away, Header } from "./header";
import { receipt } from "./http";
import { presence } from "./server";
import { CUSTOMER, SALE, tabOf } from "./steps";
import { useStore } from "./store";

const PLUGINS = [GUIDE, HISTORY_PLUGIN];
const TABS = SALE.steps.map(tabOf);
const HEADERS = JSON.stringify(CUSTOMER, null, 2);
/** GraphiQL fills in the query of the first of its default tabs, and not what belongs to it. */
const FIRST = sessionStorage.getItem("graphiql:tabState") === null ? TABS[0] : undefined;

export function App() {
  return (
    <div className="page">
      <Header />
      <Away />
      <main>
        <GraphiQL
          fetcher={fetcher}
          defaultTabs={TABS}
          defaultHeaders={HEADERS}
          {...(FIRST && { initialVariables: FIRST.variables, initialHeaders: FIRST.headers })}
          plugins={PLUGINS}
          visiblePlugin={GUIDE}
          defaultEditorToolsVisibility="variables"
          onTabChange={tabsChanged}
          // It all goes into the storage of the browser's tab, which ends with it.
          storage={sessionStorage}
          shouldPersistHeaders
          showPersistHeadersSettings={false}
        >
          <GraphiQL.Logo>
            <span />
          </GraphiQL.Logo>
          <GraphiQL.Footer>
            <Receipt />
          </GraphiQL.Footer>
          <Returned />
          <FromTheTop />
        </GraphiQL>
      </main>
      <Dock />
    </div>
  );
}

/** How the last answer came. The trace id finds the request in the server's log. */
function Receipt() {
  const last = useStore(receipt);
  if (!last) return null;
  return (
    <p className="receipt">
      HTTP {last.status} in {last.millis} ms{last.traceId && <> · trace id {last.traceId}</>}
    </p>
  );
}

/** Reads the schema again when the server is back: it may be another one. */
function Returned() {
  const there = useStore(presence);
  const { introspect } = useGraphiQLActions();
  useEffect(() => {
    if (there !== "away") return;
    return () => void introspect();
  }, [there, introspect]);
  return null;
}

/** The documentation and the history begin at their beginning. The guide goes to its step by itself. */
function FromTheTop() {
  const plugin = useGraphiQL((state) => state.visiblePlugin?.title);
  useEffect(() => {
    if (plugin === GUIDE.title) return;
    // On a phone, it is the column as a whole that scrolls.
    for (const scrolled of document.querySelectorAll(".graphiql-plugin, .graphiql-main")) scrolled.scrollTo({ top: 0 });
  }, [plugin]);
  return null;
}
