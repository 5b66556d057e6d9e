// The playground as somebody meets it who has never seen it: a sale by clicking, and what happens when the server goes
// away. The server is the real one, with the sample of `spike demo`.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { ask, signIn } from "../../clients/support/people.mjs";
import { PASSWORD, Server } from "../../clients/support/server.mjs";
import { until } from "../../clients/support/until.mjs";
import { Browser, PICTURES, picture } from "./browser.mjs";

const TO_THE_TOP = 100_000;

describe("the playground", () => {
  let server, browser, page;

  before(async () => {
    server = await Server.start();
  });

  after(async () => {
    console.log(`pictures of the playground: ${PICTURES}`);
    await server.stop();
  });

  const open = async (options, at = server) => {
    browser = await Browser.open(at, options);
    page = await browser.playground(at);
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

  /** Waits until the editor shows an answer with a text in it, scrolling as one would: it draws no more than one sees. */
  const answered = async (text) => {
    const lines = page.locator(".graphiql-response .view-lines");
    await lines.waitFor();
    let turns = 0;
    await until(`${text} is shown`, async () => {
      if ((await lines.filter({ hasText: text }).count()) > 0) return true;
      await lines.hover();
      await page.mouse.wheel(0, (turns += 1) % 8 === 0 ? -TO_THE_TOP : 200);
      return false;
    });
  };

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
    // Each of them has a tab of its own, and all of them are in the history.
    const tabs = await page.getByRole("tab").allInnerTexts();
    assert.deepEqual(tabs.slice(8), ["NewProduct", "NewCampaign", "Rules", "Publish", "WatchCampaign"]);
    await page.getByRole("tab", { name: "Grab" }).click();
    await picture(page, "7-dark");
    await page.getByRole("button", { name: "Show History" }).click();
    const past = page.locator(".graphiql-history-item", { hasText: "NewCampaign" });
    await past.waitFor();
    await picture(page, "7-dark-history");
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
    // Pasted, because the editor closes brackets that are typed.
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.evaluate(() => navigator.clipboard.writeText('{ "authorization": "Bearer forged" }'));
    await page.getByRole("button", { name: "Headers" }).click();
    const forge = async (tab) => {
      await page.getByRole("tab", { name: tab }).click();
      await page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden)").click();
      await page.keyboard.press("Control+A");
      await page.keyboard.press("Control+V");
      await page.getByRole("button", { name: "Execute query" }).click();
    };
    await forge("Browse");
    await answered("UNAUTHENTICATED");
    await forge("Watch");
    await page.locator("[data-stream=Watch][data-state=ended] .rest", { hasText: "4403" }).waitFor();
    browser.check();
  });

  test("a subscription goes on when its token is exchanged", async () => {
    // The page exchanges a token half a minute before it ends.
    const brief = await Server.start({ SPIKE__AUTH__ACCESS_TOKEN_LIFETIME: "32s" });
    try {
      await open({}, brief);
      await signInAsLin();
      await run("Watch");
      await page.locator("[data-stream=Watch][data-state=open]").waitFor();
      const tokens = () => browser.sent.map((text) => JSON.parse(text).payload?.authorization).filter(Boolean);
      await until("the next token is sent", () => tokens().length > 1);
      assert.notEqual(tokens()[0], tokens()[1]);
      const said = (text) => browser.received.some((message) => message.includes(text));
      await until("the server has taken it", () => said('"authorized":true'));
      await page.locator("[data-stream=Watch][data-state=open]").waitFor();
      assert.equal(browser.sockets.length, 1);
      browser.check();
    } finally {
      await brief.stop();
    }
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
    browser.check((error) => /ERR_CONNECTION_|ERR_EMPTY_RESPONSE|WebSocket/.test(error));
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
    assert.deepEqual(browser.strangers(), [], "not even tried");

    // A page without that policy: what it asks for is seen here, and not found.
    const other = await browser.another();
    const lost = other.waitForEvent("requestfailed");
    await other.setContent('<img src="http://example.com/picture.png">');
    assert.match((await lost).failure().errorText, /ERR_NAME_NOT_RESOLVED/);
    assert.deepEqual(browser.strangers(), ["http://example.com/picture.png"]);
  });

  for (const [name, options] of [
    ["11-small", { width: 900, height: 700 }],
    ["12-small-dark", { width: 900, height: 700, dark: true }],
    ["13-phone", { width: 420, height: 860 }],
    ["14-phone-dark", { width: 420, height: 860, dark: true }],
  ]) {
    test(`a window of ${options.width} × ${options.height}, ${options.dark ? "dark" : "light"}`, async () => {
      await open(options);
      await signInAsLin();
      await run("Watch");
      await page.locator("[data-stream=Watch][data-state=open]").waitFor();
      assert.match(await run("Browse"), /campaigns/);
      await picture(page, name);
      // Everything can be scrolled to, and nothing is wider than the window.
      for (const part of [".graphiql-query-editor", ".graphiql-editor-tool", ".graphiql-response", ".receipt"]) {
        const box = page.locator(part);
        await box.scrollIntoViewIfNeeded();
        const { x, width } = await box.boundingBox();
        assert.ok(x >= 0 && x + width <= options.width && width > 250, `${part}: ${width} at ${x}`);
      }
      await answered("eligibility");
      await picture(page, `${name}-answer`);
      browser.check();
    });
  }
});
