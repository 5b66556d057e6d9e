// The playground as somebody meets it who has never seen it: a sale by clicking, and what happens when the server goes
// away. The server is the real one, with the sample of `spike demo`.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { ask, signIn } from "../../clients/support/people.mjs";
import { PASSWORD, Server } from "../../clients/support/server.mjs";
import { until } from "../../clients/support/until.mjs";
import { Browser, picture } from "./browser.mjs";

describe("the playground", () => {
  let server, browser, page;

  before(async () => {
    server = await Server.start();
  });

  after(() => server.stop());

  const open = async (options) => {
    browser = await Browser.open(server, options);
    page = await browser.playground(server);
  };

  afterEach(() => browser.close());

  /** Runs a step from the guide, and returns the line that it then says. */
  const run = async (step) => {
    await page.getByRole("button", { name: `Run ${step}`, exact: true }).click();
    return outcome(step);
  };

  const outcome = (step) => page.locator(`[data-step=${step}] .outcome`).innerText();

  /** The states that a subscription has told, the newest first. */
  const told = (stream) => page.locator(`[data-stream=${stream}] .chip`).allInnerTexts();

  const signInAsLin = async () => {
    await page.getByLabel("Password, as spike demo printed it").fill(PASSWORD);
    assert.equal(await run("SignIn"), "Signed in as demo_lin.");
  };

  const answered = (text) => page.locator(".graphiql-response .view-lines", { hasText: text }).waitFor();

  test("a newcomer runs a sale by clicking", async () => {
    await open();
    await picture(page, "1-first-look");

    await signInAsLin();
    await page.locator("[data-part=customer]", { hasText: "demo_lin" }).waitFor();
    await picture(page, "2-signed-in");

    assert.equal(await run("Browse"), "3 campaigns.");
    assert.match(await page.getByLabel("Campaign").locator("option:checked").innerText(), /earbuds.*LIVE/);
    await answered("eligibility");
    await picture(page, "3-browse");

    assert.equal(await run("Watch"), "It runs, see below.");
    await page.locator("[data-stream=Watch][data-state=open]").waitFor();
    assert.deepEqual(await told("Watch"), []);

    // As one does without the guide: choose the tab, press the button.
    await page.getByRole("tab", { name: "Grab" }).click();
    await page.getByRole("button", { name: "Execute query" }).click();
    await answered("QUEUED");
    await until("the order is written", async () => (await told("Watch"))[0] === "PENDING_PAYMENT");
    await picture(page, "4-grabbed-while-watching");

    assert.equal(await run("AdminSignIn"), "Signed in as demo_admin.");
    assert.equal(await run("TopUp"), "demo_lin has 20500.00 CNY.");
    assert.equal(await run("Pay"), "The order is PAID.");
    await until("the payment is told", async () => (await told("Watch"))[0] === "PAID");
    await picture(page, "5-paid");

    assert.equal(await run("Report"), "1 grabbed, 1 paid, 99 available: balanced.");
    await answered("balanced");
    await picture(page, "6-report");

    // Everything above went over one socket, and the subscription went on while five other tabs were used.
    assert.deepEqual(browser.sockets, [server.socket]);
    const states = await told("Watch");
    assert.deepEqual(states.toReversed(), ["QUEUED", "PENDING_PAYMENT", "PAID"].slice(-states.length));
    browser.check();
  });

  test("an administrator makes a campaign, and the customer buys from it", async () => {
    await open({ dark: true });
    await signInAsLin();
    assert.equal(await run("AdminSignIn"), "Signed in as demo_admin.");
    await page.getByText("A campaign of your own").click();
    for (const step of ["NewProduct", "NewCampaign", "Rules", "Publish"]) assert.equal(await run(step), "Done.", step);
    assert.match(await run("Browse"), /^4 campaigns/);
    assert.match(await page.getByLabel("Campaign").locator("option:checked").innerText(), /Lanterns.*LIVE/);
    await page.getByText("What else can happen").click();
    assert.equal(await run("WatchCampaign"), "It runs, see below.");
    assert.match(await run("Grab"), /49 are left/);
    await until("what is left is told", async () =>
      /remaining 49/.test((await page.locator("[data-stream=WatchCampaign] .rest").allInnerTexts())[0]),
    );
    await until("the order is written", async () => (await run("Pay")) === "The order is PAID.");
    await page.getByRole("tab", { name: "Grab" }).click();
    await picture(page, "7-dark");
    browser.check();
  });

  test("a step that comes too early says what comes first, and a wrong password is refused", async () => {
    await open();
    assert.match(await run("Pay"), /no order yet: run Grab first/);
    assert.match(await run("SignIn"), /type the password into the guide/);
    await page.getByLabel("Password, as spike demo printed it").fill("not the password");
    assert.match(await run("SignIn"), /^WRONG_CREDENTIALS/);
    await picture(page, "8-refused");
    browser.check();
  });

  test("headers are edited by hand, and are sent", async () => {
    await open();
    await page.getByRole("tab", { name: "Browse" }).click();
    await page.getByRole("button", { name: "Headers" }).click();
    await page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden)").click();
    await page.keyboard.press("Control+A");
    // Pasted, because the editor closes brackets that are typed.
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.evaluate(() => navigator.clipboard.writeText('{ "authorization": "Bearer forged" }'));
    await page.keyboard.press("Control+V");
    await page.getByRole("button", { name: "Execute query" }).click();
    await answered("UNAUTHENTICATED");
    browser.check();
  });

  test("a token is written neither into a tab nor into what outlives it", async () => {
    await open();
    await signInAsLin();
    await run("Browse");
    const token = await page.evaluate(() => JSON.parse(sessionStorage.getItem("spike:sessions")).customer.accessToken);
    const kept = await page.evaluate(() => ({
      tabs: Object.entries(sessionStorage).filter(([key]) => key.startsWith("graphiql:")),
      lasting: Object.entries(localStorage),
    }));
    assert.ok(kept.tabs.length > 0);
    assert.ok(!JSON.stringify(kept).includes(token) && !JSON.stringify(kept).includes(PASSWORD));

    // A reload forgets nobody.
    await page.reload();
    await page.locator("[data-part=customer]", { hasText: "demo_lin" }).waitFor();
    assert.match(await run("Browse"), /campaigns/);
    browser.check();
  });

  test("the server goes away and comes back", async () => {
    await open();
    await signInAsLin();
    await run("Browse");
    await run("Watch");
    const grabbed = await run("Grab");
    assert.match(grabbed, /^The order is QUEUED/);
    await until("the order is written", async () => (await told("Watch"))[0] === "PENDING_PAYMENT");

    await server.kill();
    await page.locator(".banner", { hasText: "make run" }).waitFor();
    await page.locator("[data-stream=Watch][data-state=reconnecting]").waitFor();
    assert.match(await run("Browse"), /The server does not answer/);
    await picture(page, "9-server-away");

    await server.begin();
    await page.locator(".banner").waitFor({ state: "detached" });
    await page.locator("[data-stream=Watch][data-state=open]").waitFor();
    // From another window: the subscription is really there again.
    const token = await signIn(server);
    const orders = "{ me { orders(statuses: [PENDING_PAYMENT], first: 1) { nodes { id } } } }";
    const { me } = await ask(server, orders, {}, token);
    const cancel = "mutation($input: CancelOrderInput!) { cancelOrder(input: $input) { order { status } } }";
    await ask(server, cancel, { input: { orderId: me.orders.nodes[0].id } }, token);
    await until("the cancellation is told", async () => (await told("Watch"))[0] === "CANCELLED");
    await picture(page, "10-server-back");
    browser.check((error) => /ERR_CONNECTION_REFUSED|WebSocket/.test(error));
  });

  test("the page may not ask another host", async () => {
    await open();
    const reached = await page.evaluate(() =>
      fetch("https://example.com/").then(
        () => true,
        () => false,
      ),
    );
    assert.equal(reached, false);
    assert.match(browser.errors.join(), /Content Security Policy/);
  });

  test("a small window", async () => {
    await open({ width: 900, height: 700 });
    await picture(page, "11-small");
    browser.check();
  });
});
