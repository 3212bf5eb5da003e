import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { createHandler, type Probe } from "../../src/index.ts";
import { gaugeOf } from "../helpers/families.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { listen, withMount } from "../helpers/http/with-mount.ts";

const PROBE: Probe = {
  allow: "any",
  probe: ({ target }) => [gaugeOf([{ labels: {}, value: target.port ?? 0 }], "port")],
};

const PROBED = /^port 5432$/m;

test("a handler serves a probe at any path, whether or not its code is loaded", () =>
  withMount({ source: PROBE }, async ({ port, log }) => {
    const target = "/any?target=db1:5432";
    const answers = [1, 2, 3].map(() => rawRequest(port, request(target)));
    for (const { body } of await Promise.all(answers)) assert.match(body, PROBED);
    assert.match((await rawRequest(port, request(target))).body, PROBED);
    assert.equal((await rawRequest(port, request("/any"))).status, 400);
    assert.equal((await rawRequest(port, request(target, { method: "POST" }))).status, 405);
    assert.deepEqual(log, []);
  }));

test("a handler of a probe answers requests of the Fetch API", async () => {
  const { fetch, close } = createHandler(PROBE);
  const response = await fetch(new Request("http://test/probe?target=db1:5432"));
  assert.match(await response.text(), PROBED);
  close();
});

test("setFailing() fails the probes of a handler, until setOk()", () =>
  withMount({ source: PROBE }, async ({ handler, port }) => {
    const statusNow = async () =>
      (await rawRequest(port, request("/probe?target=db1:5432"))).status;
    handler.setFailing("no network");
    assert.equal(await statusNow(), 500);
    handler.setOk();
    assert.equal(await statusNow(), 200);
  }));

test("a handler of a probe has health, but neither a page nor workers", async () => {
  const handler = createHandler(PROBE, { workers: true });
  const statusOf = async ({ fetch }: Pick<typeof handler, "fetch">) =>
    (await fetch(new Request("http://test/"))).status;
  assert.deepEqual(
    await Promise.all([handler.health, handler.ready, handler.page, handler.targets].map(statusOf)),
    [200, 200, 404, 404],
  );
  assert.match(
    await (await handler.fetch(new Request("http://test/?target=db1:5432"))).text(),
    PROBED,
  );
  handler.close();
});

test("createHandler() refuses a probe that does not say what it may ask", () => {
  assert.throws(
    () => createHandler({ probe: () => [] } as unknown as Probe),
    new TypeError('Option "probe.allow" must say which targets may be asked, such as "*.lan"'),
  );
});

test("a handler whose probe cannot be served answers 500, and logs why", async () => {
  const lines: string[] = [];
  const logger = { error: (line: string) => lines.push(line), warn() {} };
  const handler = createHandler({ ...PROBE, allow: "not a host" }, { logger });
  const { port, close } = await listen(
    createServer((incoming, response) => {
      void handler(incoming, response);
    }),
  );
  const { status, body } = await rawRequest(port, request("/probe?target=db1:5432"));
  assert.equal(status, 500);
  assert.doesNotMatch(body, /not a host/);
  assert.match(lines[0] ?? "", /^promhttp: Cannot serve the probe: RangeError: .*"not a host"/);
  await close();
  handler.close();
});
