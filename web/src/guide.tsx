// The guide beside the editor: what to click, in which order. It opens and runs the same operations in the same tabs that
// one can edit and run by hand.

import { useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from "@graphiql/react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { outcomes } from "./fetcher";
import { lives } from "./live";
import { outcomeOf } from "./outcome";
import { sessions } from "./session";
import { MORE, SALE, tabOf, type Chapter, type Step } from "./steps";
import { useStore } from "./store";
import { campaigns, passwords, put, values } from "./values";

export const GUIDE: GraphiQLPlugin = { title: "Guide", icon: Signpost, content: Guide };

const DEMO = "SPIKE_DEMO_PASSWORD='correct horse battery' target/release/spike demo";

function Guide() {
  return (
    <div className="guide">
      <h2>{SALE.title}</h2>
      <p>
        First load the sample, where the server runs: an administrator, three customers, three campaigns.
      </p>
      <Command text={DEMO} />
      <Steps chapter={SALE} numbered />
      {MORE.map((chapter) => (
        <details key={chapter.title}>
          <summary>{chapter.title}</summary>
          <Steps chapter={chapter} />
        </details>
      ))}
      <InHand />
    </div>
  );
}

function Steps({ chapter, numbered = false }: { chapter: Chapter; numbered?: boolean }) {
  return (
    <ol className="steps">
      {chapter.steps.map((step, index) => (
        <StepItem key={step.name} step={step} mark={numbered ? String(index + 1) : "·"} />
      ))}
    </ol>
  );
}

function StepItem({ step, mark }: { step: Step; mark: string }) {
  const { open, run, ready } = useSteps();
  const active = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.title) === step.name;
  const answer = useStore(outcomes)[step.name];
  const live = useStore(lives).some(({ name, state }) => name === step.name && state !== "ended");
  const outcome = live ? { good: true, text: "It runs, see below." } : answer && outcomeOf(answer);
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (active) item.current?.scrollIntoView({ block: "nearest" });
  }, [active]);
  const look = outcome ? (outcome.good ? "good" : "bad") : "new";
  return (
    <li ref={item} className={`step ${look}${active ? " active" : ""}`} data-step={step.name}>
      <span className="mark" aria-hidden="true">
        {outcome ? (outcome.good ? "✓" : "!") : mark}
      </span>
      <button type="button" className="title" onClick={() => open(step)} title={`Open the tab ${step.name}`}>
        {step.title}
      </button>
      <button
        type="button"
        className="run"
        disabled={live || !ready}
        onClick={() => run(step)}
        aria-label={`Run ${step.name}`}
      >
        Run
      </button>
      <div className="what">
        <p>{step.why}</p>
        <Needs step={step.name} onEnter={() => run(step)} />
        {outcome && (
          <p className="outcome" role="status">
            {outcome.text}
          </p>
        )}
      </div>
    </li>
  );
}

/** What a step has to be told by hand. */
function Needs({ step, onEnter }: { step: string; onEnter: () => void }): ReactNode {
  const given = useStore(values);
  const list = useStore(campaigns);
  switch (step) {
    case "SignIn":
      return (
        <>
          <select
            aria-label="Customer"
            value={given["customerPhone"]}
            onChange={({ target }) => put("customerPhone", target.value)}
          >
            <option value="+10005550101">demo_lin, may buy everything</option>
            <option value="+10005550102">demo_max, is refused by a rule</option>
            <option value="+10005550103">demo_ada, is refused by two rules</option>
          </select>
          <Password name="customerPassword" hint="Password, as spike demo printed it" onEnter={onEnter} />
        </>
      );
    case "AdminSignIn":
      return <Password name="adminPassword" hint="Password, if it is another one" onEnter={onEnter} />;
    case "Browse":
      if (list.length === 0) return null;
      return (
        <select
          aria-label="Campaign"
          value={given["campaign"]}
          onChange={({ target }) => put("campaign", target.value)}
        >
          {list.map(({ id, title, state }) => (
            <option key={id} value={id}>
              {title} ({state})
            </option>
          ))}
        </select>
      );
    default:
      return null;
  }
}

function Password({ name, hint, onEnter }: { name: string; hint: string; onEnter: () => void }) {
  const typed = useStore(passwords);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onEnter();
      }}
    >
      <input
        type="password"
        aria-label={hint}
        placeholder={hint}
        autoComplete="off"
        value={typed[name] ?? ""}
        onChange={({ target }) => passwords.set({ ...passwords.get(), [name]: target.value })}
      />
    </form>
  );
}

/** The ids that {{names}} stand for. */
function InHand() {
  const given = useStore(values);
  const customer = useStore(sessions).customer;
  const rows = ["campaign", "order", "product"].filter((name) => given[name]);
  if (rows.length === 0 && !customer) return null;
  return (
    <section className="in-hand">
      <h3>In hand</h3>
      <p>
        <code>{"{{names}}"}</code> in variables and headers stand for these when an operation is sent, and{" "}
        <code>{"{{customerToken}}"}</code> and <code>{"{{adminToken}}"}</code> for the tokens of those who are signed in.
      </p>
      {rows.map((name) => (
        <label key={name}>
          <code>{name}</code>
          <input value={given[name]} spellCheck={false} onChange={({ target }) => put(name, target.value)} />
        </label>
      ))}
      {customer && (
        <label>
          <code>customerId</code>
          <input
            value={given["customerId"] || customer.userId}
            spellCheck={false}
            onChange={({ target }) => put("customerId", target.value)}
          />
        </label>
      )}
    </section>
  );
}

function Command({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () =>
    navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <div className="command">
      <code>{text}</code>
      {/* Browsers have a clipboard on secure origins alone. */}
      {"clipboard" in navigator && (
        <button type="button" onClick={() => void copy()}>
          {copied ? "copied" : "copy"}
        </button>
      )}
    </div>
  );
}

/** Opens a step in its tab, and runs it. */
function useSteps() {
  const actions = useGraphiQLActions();
  const { tabs, activeTabIndex, queryEditor, variableEditor, headerEditor, responseEditor } = useGraphiQL((state) => ({
    tabs: state.tabs,
    activeTabIndex: state.activeTabIndex,
    queryEditor: state.queryEditor,
    variableEditor: state.variableEditor,
    headerEditor: state.headerEditor,
    responseEditor: state.responseEditor,
  }));
  const open = (step: Step) => {
    const index = tabs.findIndex(({ title }) => title === step.name);
    if (index === activeTabIndex) return;
    if (index >= 0) {
      actions.changeTab(index);
      actions.setOperationName(step.name);
      return;
    }
    // Otherwise the editor takes a subscription along into the new tab.
    actions.stop();
    actions.addTab();
    const { query, variables, headers } = tabOf(step);
    queryEditor?.setValue(query);
    variableEditor?.setValue(variables);
    headerEditor?.setValue(headers);
    // The editor would notice a moment later; meanwhile, the tab would go by the name of the one before.
    actions.updateActiveTabValues({ query, variables, headers });
    actions.setOperationName(step.name);
  };
  const run = (step: Step) => {
    open(step);
    actions.run();
  };
  return { open, run, ready: Boolean(queryEditor && responseEditor) };
}

function Signpost() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round">
      <path d="M12 3v18M12 5h6l2.5 2.5L18 10h-6M12 12H6l-2.5 2.5L6 17h6" />
    </svg>
  );
}
