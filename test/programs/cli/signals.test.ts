import assert from "node:assert/strict";
import { test } from "node:test";
import { httpGet } from "../../helpers/http/http-get.ts";
import type { Fixture } from "../../helpers/processes/fork-fixture.ts";
import { type App, withApp } from "../../helpers/processes/with-app.ts";

/** An exporter whose scrape waits for SIGTERM, or forever if `HANGS` is set. */
const EXPORTER = `
const families = [{ name: "up", help: "Up.", type: "gauge", metrics: [{ labels: {}, value: 1 }] }];
const stopped = new Promise((resolve) => process.once("SIGTERM", resolve));
export default {
  async gather() {
    console.log("gathering");
    await stopped;
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    if (process.env.HANGS) await new Promise(() => {});
    return { families };
  },
};
export const close = () => console.log("closed");`;

const ARGS = [
  "node_modules/promhttp/dist/cli.js",
  "--web.listen-address=127.0.0.1:0",
  "exporter.mjs",
];

/** Starts the exporter, and a scrape that waits. */
async function startScrape({ node }: App, env: Readonly<Record<string, string>> = {}) {
  const child = node(ARGS, env);
  const answer = httpGet(await child.errorLine(/msg="Listening on" .*url=(\S+)$/));
  // The shutdown may cut it off.
  answer.catch(() => {});
  await child.line("gathering");
  return { child, answer };
}

async function stop(child: Fixture, signal: NodeJS.Signals): Promise<void> {
  child.signal(signal);
  await child.errorLine(new RegExp(`level=info msg="Shutting down" signal=${signal}$`));
}

test("SIGTERM lets a running scrape finish, closes the module, and ends with status 0", async () => {
  await withApp({ "exporter.mjs": EXPORTER }, [], async (app) => {
    const { child, answer } = await startScrape(app);
    await stop(child, "SIGTERM");
    const { status, body } = await answer;
    assert.equal(status, 200);
    assert.match(body.toString(), /^up 1$/m);
    const { code, signal, stdout } = await child.exit();
    assert.deepEqual(
      { code, signal, stdout },
      { code: 0, signal: null, stdout: "gathering\nclosed\n" },
    );
  });
});

// As npm forwards a signal that the terminal has sent already.
test("the echo of a signal does not shorten the shutdown", async () => {
  await withApp({ "exporter.mjs": EXPORTER }, [], async (app) => {
    const { child, answer } = await startScrape(app);
    child.signal("SIGTERM");
    child.signal("SIGTERM");
    assert.equal((await answer).status, 200);
    const { code, stdout } = await child.exit();
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "gathering\nclosed\n" });
  });
});

test("a second signal ends the program at once", async () => {
  await withApp({ "exporter.mjs": EXPORTER }, [], async (app) => {
    const { child } = await startScrape(app, { HANGS: "1" });
    await stop(child, "SIGTERM");
    child.signal("SIGINT");
    const { code, signal, stdout } = await child.exit();
    assert.deepEqual({ code, signal, stdout }, { code: 130, signal: null, stdout: "gathering\n" });
  });
});

test("the same signal some time later ends the program at once", async () => {
  await withApp({ "exporter.mjs": EXPORTER }, [], async (app) => {
    const { child } = await startScrape(app, { HANGS: "1" });
    await stop(child, "SIGTERM");
    const again = setInterval(() => child.signal("SIGTERM"), 100);
    const { code } = await child.exit().finally(() => clearInterval(again));
    assert.equal(code, 143);
  });
});

test("a signal ends the program while it loads its module", async () => {
  const text = `
    console.log("loading");
    setInterval(() => {}, 1_000);
    export default () => new Promise(() => {});`;
  await withApp({ "exporter.mjs": text }, [], async ({ node }) => {
    const child = node(ARGS);
    await child.line("loading");
    child.signal("SIGTERM");
    assert.equal((await child.exit()).code, 0);
  });
});

const READY_EXPORTER = `
export default { gather: () => ({ families: [] }) };
export const close = () => console.log("closed");`;

/** Starts an exporter with a delay that no test waits for; gives the URL of its readiness. */
async function startWithDelay({ node }: App) {
  const [program = "", address = "", module = ""] = ARGS;
  const child = node([program, address, "--web.shutdown-delay=10m", module]);
  const url = await child.errorLine(/msg="Listening on" .*url=(\S+)$/);
  return { child, url, readiness: url.replace("/metrics", "/-/ready") };
}

test("SIGTERM begins the shutdown delay, and a second one ends it", async () => {
  await withApp({ "exporter.mjs": READY_EXPORTER }, [], async (app) => {
    const { child, url, readiness } = await startWithDelay(app);
    assert.equal((await httpGet(readiness)).status, 200);
    await stop(child, "SIGTERM");
    for (let round = 0; round < 2; round++) {
      assert.equal((await httpGet(readiness)).status, 503);
      assert.equal((await httpGet(url)).status, 200);
      // Its echo, from npm, does not end the delay.
      if (round === 0) child.signal("SIGTERM");
    }
    child.signal("SIGINT");
    await child.errorLine(/level=info msg="Shutting down without a delay" signal=SIGINT$/);
    const { code, signal, stdout } = await child.exit();
    assert.deepEqual({ code, signal, stdout }, { code: 0, signal: null, stdout: "closed\n" });
    await assert.rejects(httpGet(readiness));
  });
});

test("a third signal ends the program at once", async () => {
  await withApp({ "exporter.mjs": EXPORTER }, [], async ({ node }) => {
    const args = [...ARGS.slice(0, 2), "--web.shutdown-delay=10m", "exporter.mjs"];
    const child = node(args, { HANGS: "1" });
    const url = await child.errorLine(/msg="Listening on" .*url=(\S+)$/);
    httpGet(url).catch(() => {});
    await child.line("gathering");
    await stop(child, "SIGTERM");
    child.signal("SIGINT");
    await child.errorLine(/msg="Shutting down without a delay"/);
    child.signal("SIGTERM");
    assert.equal((await child.exit()).code, 143);
  });
});
