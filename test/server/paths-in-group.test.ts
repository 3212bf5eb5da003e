import assert from "node:assert/strict";
import { test } from "node:test";
import { type Gatherer, ListenError, Server, type ServerOptions } from "../../src/index.ts";
import { gaugeOf } from "../helpers/families.ts";
import { countingGatherer, gathererWith } from "../helpers/gatherers.ts";
import { netServer } from "../helpers/http/net-server.ts";
import { rawGet as get } from "../helpers/http/raw-request.ts";
import { assertWaitsForUpdate } from "../helpers/http/waits-for-update.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { newGroup } from "../helpers/workers/own-group.ts";

const DB = gathererWith(gaugeOf([{ labels: {}, value: 7 }], "db"));

/** A process without others. */
const optionsOf = (): ServerOptions => ({
  workers: { group: newGroup() },
  paths: { "/db": DB, "/probe": { allow: "any", probe: () => [] } },
  selfMetrics: false,
});

test("a worker without others answers at every path, and leaves nothing behind", () =>
  withServer(optionsOf(), async ({ port, log }) => {
    assert.equal((await get(port, "/db")).body, "# TYPE db gauge\ndb 7\n");
    assert.match((await get(port, "/probe?target=db1:1")).body, /^probe_success 1$/m);
    assert.match((await get(port, "/")).body, /<form [^>]*action="[^"]*probe"/);
    assert.deepEqual(log, []);
  }));

test("in a group, a gatherer is told at which path it is asked", async () => {
  const asked: (string | undefined)[] = [];
  const source: Gatherer = {
    gather({ path }) {
      asked.push(path);
      return { families: [] };
    },
  };
  const options = { ...optionsOf(), source, path: "/m", paths: { "/db": source } };
  await withServer(options, async ({ port }) => {
    await get(port, "/db");
    await get(port, "/m");
    assert.deepEqual(asked, ["/db", "/m"]);
  });
});

test("where every worker listens, each answers at every path", async () => {
  const { server: address } = await netServer();
  await withServer({ ...optionsOf(), address }, async ({ port }) => {
    assert.equal((await get(port, "/db")).body, "# TYPE db gauge\ndb 7\n");
    assert.match((await get(port, "/probe?target=db1:1")).body, /^probe_success 1$/m);
  });
});

test("in a group, what the application declares and updates holds for every path", () =>
  withServer(optionsOf(), async ({ server, port, connect }) => {
    server.setFailing("no network");
    assert.notEqual((await get(port, "/db")).status, 200);
    assert.equal((await get(port, "/probe?target=db1:1")).status, 500);
    server.setOk();
    assert.equal((await get(port, "/db")).status, 200);
    assert.equal((await get(port, "/probe?target=db1:1")).status, 200);

    await assertWaitsForUpdate(server, await connect(), "/db");
  }));

test("Server.listen() refuses parameters in a group, at every path, before it joins any", async () => {
  const withParams = { ...countingGatherer(), params: ["room"] };
  const options = optionsOf();
  for (const [source, paths] of [
    [DB, { "/db": DB, "/rooms": withParams }],
    [withParams, { "/db": DB }],
  ] as const) {
    await assert.rejects(Server.listen(source, "127.0.0.1:0", { ...options, paths }), TypeError);
  }
  // Nobody has joined the group of the path meanwhile, and left something behind.
  await withServer(options, async ({ port }) => {
    assert.equal((await get(port, "/db")).body, "# TYPE db gauge\ndb 7\n");
  });
});

test("a worker whose port is taken leaves the groups of its paths", () =>
  withServer({}, async ({ port }) => {
    const listening = Server.listen(countingGatherer(), `127.0.0.1:${port}`, {
      ...optionsOf(),
      logger: false,
    });
    await assert.rejects(listening, ListenError);
  }));
