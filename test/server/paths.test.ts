import assert from "node:assert/strict";
import { test } from "node:test";
import { type Gatherer, Server, type ServerOptions, type Sources } from "../../src/index.ts";
import { gaugeOf, largeGauge } from "../helpers/families.ts";
import { blockingGatherer, countingGatherer, gathererWith } from "../helpers/gatherers.ts";
import { rawGet as get, rawRequest, request } from "../helpers/http/raw-request.ts";
import { assertWaitsForUpdate } from "../helpers/http/waits-for-update.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { turns } from "../helpers/turns.ts";
import { valueIn } from "../scrape/harness.ts";

const DB = gathererWith(gaugeOf([{ labels: {}, value: 7 }], "db"));
const DB_TEXT = "# TYPE db gauge\ndb 7\n";

const bodyOf = async (port: number, target: string) => (await get(port, target)).body;

test("each path serves its own source, and only that", () =>
  withServer({ paths: { "/metrics/db": DB }, selfMetrics: false }, async ({ port }) => {
    assert.equal(await bodyOf(port, "/metrics/db"), DB_TEXT);
    assert.equal(await bodyOf(port, "/metrics/db?name[]=other"), "");
    assert.match(await bodyOf(port, "/metrics"), /^# TYPE up gauge\nup 1\n$/);
    assert.equal((await get(port, "/metrics/d")).status, 404);
    assert.equal((await get(port, "/metrics/db/")).status, 404);
    assert.equal((await get(port, "http://x/metrics/db")).status, 200);
  }));

test("a further path takes the methods of a metrics path, and HEAD gathers nothing", () => {
  const source = countingGatherer();
  return withServer({ paths: { "/x": source } }, async ({ port }) => {
    const head = await get(port, "/x", "HEAD");
    assert.deepEqual([head.status, head.body, source.calls], [200, "", 0]);
    assert.match(head.headers["content-type"] ?? "", /^text\/plain; version=0\.0\.4/);
    assert.equal((await get(port, "/x", "OPTIONS")).status, 204);
    assert.equal((await get(port, "/x", "POST")).status, 405);
  });
});

test("each path counts its own scrapes, and only the main one what the server has", () =>
  withServer({ paths: { "/db": [DB] } }, async ({ port }) => {
    const scrapes = 'promhttp_metric_handler_requests_total{code="200"}';
    await bodyOf(port, "/db");
    await bodyOf(port, "/db");
    const db = await bodyOf(port, "/db");
    const main = await bodyOf(port, "/metrics");
    assert.deepEqual([valueIn(db, scrapes), valueIn(main, scrapes)], [2, 0]);
    assert.equal(valueIn(db, "promhttp_connections_open"), undefined);
    assert.notEqual(valueIn(main, "promhttp_connections_open"), undefined);
  }));

for (const [busy, other] of [
  ["/db", "/metrics"],
  ["/metrics", "/db"],
] as const) {
  test(`${busy} neither sheds nor delays the scrapes of ${other} while it is busy`, async () => {
    const slow = blockingGatherer();
    const sources: Record<string, Sources> = { "/db": DB, "/metrics": DB, [busy]: slow };
    const { "/metrics": source, ...paths } = sources;
    const options = { ...(source && { source }), paths, maxRequestsInFlight: 1 };
    await withServer(options, async ({ port, connect }) => {
      const connection = await connect();
      await connection.send(request(busy));
      await slow.started();
      assert.equal((await get(port, busy)).status, 503);
      assert.equal((await get(port, other)).status, 200);
      slow.release();
      assert.equal((await connection.response()).status, 200);
    });
  });
}

test("one source at two paths is gathered for each of them", async () => {
  const slow = blockingGatherer();
  let runs = 0;
  const source: Gatherer = {
    gather(context) {
      runs++;
      return slow.gather(context);
    },
  };
  await withServer({ source, paths: { "/a": source } }, async ({ connect }) => {
    const connections = [await connect(), await connect()];
    for (const [index, path] of ["/metrics", "/a"].entries()) {
      await connections[index]?.send(request(path));
    }
    while (runs < 2) await turns(1);
    slow.release();
    for (const connection of connections) {
      assert.equal((await connection.response()).status, 200);
    }
  });
});

test("a scrape of a further path has the time that its scraper and timeoutMs give it", async () => {
  const given: number[] = [];
  const source: Gatherer = {
    gather({ deadlineMs }) {
      given.push(deadlineMs - Date.now());
      return { families: [] };
    },
  };
  const paths = { "/db": source };
  await withServer({ paths, timeoutMs: 50_000 }, async ({ port }) => {
    await get(port, "/db");
    const headers = ["X-Prometheus-Scrape-Timeout-Seconds: 20"];
    await rawRequest(port, request("/db", { headers }));
  });
  const [byOption = 0, byScraper = 0] = given;
  assert.ok(byOption > 20_000 && byOption <= 50_000, `${byOption}`);
  assert.ok(byScraper > 0 && byScraper <= 20_000, `${byScraper}`);
});

test("a further path has the formats, the encodings and the body limit of the server", async () => {
  const paths = { "/db": DB, "/large": gathererWith(largeGauge(() => 1)) };
  const options = { paths, selfMetrics: false };
  await withServer(options, async ({ port }) => {
    const accept = "Accept: application/openmetrics-text; version=1.0.0";
    const { body } = await rawRequest(port, request("/db", { headers: [accept] }));
    assert.equal(body, `${DB_TEXT}# EOF\n`);
    const headers = ["Accept-Encoding: gzip"];
    const packed = await rawRequest(port, request("/large", { headers }));
    assert.equal(packed.headers["content-encoding"], "gzip");
  });
  const bodyLimit = { bytes: 100, action: "fail" } as const;
  await withServer({ ...options, bodyLimit }, async ({ port }) => {
    assert.equal((await get(port, "/large")).status, 500);
    assert.equal(await bodyOf(port, "/db"), DB_TEXT);
  });
});

test("a failure costs only its own path, is counted there, and its log line names it", async () => {
  let isBroken = true;
  const broken: Gatherer = {
    gather() {
      if (isBroken) throw new Error("no database");
      return { families: [] };
    },
  };
  await withServer({ paths: { "/db": broken, "/other": broken } }, async ({ port, log }) => {
    assert.equal((await get(port, "/db")).status, 500);
    const main = await bodyOf(port, "/metrics");
    assert.equal(valueIn(main, 'promhttp_metric_handler_errors_total{cause="gathering"}'), 0);
    isBroken = false;
    const db = await bodyOf(port, "/db");
    assert.equal(valueIn(db, 'promhttp_metric_handler_errors_total{cause="gathering"}'), 1);
    assert.equal(log.length, 2);
    assert.match(
      log[0] ?? "",
      /^error promhttp: \/db: Collector "gatherer 1" failed; scrapes are answered with an error: Error: no database/,
    );
    assert.match(log[1] ?? "", /^warn promhttp: \/db: Collector "gatherer 1" works again/);
  });
});

test("a gatherer is told at which path it is asked, and the parameters that it declares", async () => {
  const asked: unknown[] = [];
  const gatherer: Gatherer = {
    params: ["room"],
    gather({ path, params }) {
      asked.push([path, params["room"], params["other"]]);
      return { families: [] };
    },
  };
  const options = { source: gatherer, path: "/m", paths: { "/db": { one: gatherer } } };
  await withServer(options, async ({ port }) => {
    assert.equal((await get(port, "/m?room=a&other=x")).status, 200);
    assert.equal((await get(port, "/db?room=b&collect[]=one")).status, 200);
    assert.equal((await get(port, "/db?collect[]=two")).status, 400);
    assert.equal((await get(port, "/m?collect[]=two")).status, 200);
  });
  assert.deepEqual(asked, [
    ["/m", "a", undefined],
    ["/db", "b", undefined],
    ["/m", undefined, undefined],
  ]);
});

test("update() keeps the scrapes of every path waiting", () =>
  withServer({ paths: { "/db": DB } }, async ({ server, port, connect }) => {
    await assertWaitsForUpdate(server, await connect(), "/db");
    assert.equal((await get(port, "/metrics")).status, 200);
  }));

test("setFailing() and setOk() hold for every path, and are logged once", () =>
  withServer({ paths: { "/db": DB }, statusName: "app" }, async ({ server, port, log }) => {
    server.setFailing("the disk is gone");
    for (const path of ["/metrics", "/db"]) {
      const { status, body } = await get(port, path);
      assert.deepEqual([status, valueIn(body, "app_up"), valueIn(body, "db")], [500, 0, undefined]);
    }
    server.setOk();
    assert.equal((await get(port, "/db")).status, 200);
    assert.deepEqual(log, [
      "warn promhttp: Metrics marked as failing; scrapes get 500: the disk is gone",
    ]);
  }));

test("close() lets the running scrapes of every path finish", async () => {
  const slow = blockingGatherer();
  await withServer({ paths: { "/slow": slow } }, async ({ server, connect }) => {
    const connection = await connect();
    await connection.send(request("/slow"));
    await slow.started();
    const closed = server.close();
    await turns(10);
    slow.release();
    assert.equal((await connection.response()).status, 200);
    await closed;
  });
});

test("a further path at / replaces the page", () =>
  withServer({ paths: { "/": DB }, selfMetrics: false }, async ({ port }) => {
    assert.equal(await bodyOf(port, "/"), DB_TEXT);
  }));

test("the page lists every path", () =>
  withServer({ paths: { "/metrics/db": DB } }, async ({ port }) => {
    assert.match(await bodyOf(port, "/"), /href="[^"]*metrics\/db"/);
  }));

test("what guards the server guards every path", () =>
  withServer(
    { paths: { "/db": DB }, auth: { bearerTokens: ["0123456789abcdef"] }, allowedHosts: ["test"] },
    async ({ port }) => {
      assert.equal((await get(port, "/db")).status, 401);
      const headers = ["Authorization: Bearer 0123456789abcdef"];
      assert.equal((await rawRequest(port, request("/db", { headers }))).status, 200);
      const foreign = [...headers, "Host: evil"];
      assert.equal((await rawRequest(port, request("/db", { headers: foreign }))).status, 403);
    },
  ));

test("the port of the health answers no further path", async () => {
  const options = { paths: { "/db": DB }, healthAddress: "127.0.0.1:0" };
  await withServer(options, async ({ port }) => {
    assert.equal((await get(port, "/db")).status, 200);
  });
});

const WRONG: readonly [name: string, paths: unknown, error: RegExp, type: typeof Error][] = [
  ["no object", 5, /^Option "paths" must be an object, got a number$/, TypeError],
  ["null", null, /^Option "paths" must be an object, got null$/, TypeError],
  [
    "no path",
    { metrics: DB },
    /must have the paths of URLs, such as "\/probe", got "metrics"$/,
    RangeError,
  ],
  [
    "a query",
    { "/a?b": DB },
    /must have the paths of URLs, such as "\/probe", got "\/a\?b"$/,
    RangeError,
  ],
  ["an array", [DB], /^Option "paths" must be an object, got \[ /, TypeError],
  ["a Map", new Map([["/db", DB]]), /^Option "paths" must be an object, got /, TypeError],
  [
    "the main path",
    { "/m": DB },
    /must not have the path of the option "path", got "\/m"$/,
    RangeError,
  ],
  ...["/-/healthy", "/-/ready", "/-/targets", "/-/reload", "/favicon.ico"].map(
    (path): (typeof WRONG)[number] => [
      path,
      { [path]: DB },
      /must not have a path that the server uses itself, got "\/.*"$/,
      RangeError,
    ],
  ),
  ["no source", { "/db": 5 }, /^Option "paths\.\/db": Source must be/, TypeError],
  ["undefined", { "/db": undefined }, /^Option "paths\.\/db": Source must be/, TypeError],
  ["an empty array", { "/db": [] }, /^Option "paths\.\/db": Expected at least one/, TypeError],
];

for (const [name, paths, message, type] of WRONG) {
  test(`Server.listen() refuses paths with ${name}`, async () => {
    const options = { path: "/m", paths } as ServerOptions;
    await assert.rejects(Server.listen(DB, "127.0.0.1:0", options), (error: Error) => {
      assert.ok(error instanceof type);
      assert.match(error.message, message);
      return true;
    });
  });
}

test("a gatherer is told the path at which a scrape asks", async () => {
  const told: (string | undefined)[] = [];
  const at = (): Gatherer => ({
    gather({ path }) {
      told.push(path);
      return { families: [] };
    },
  });
  const options = { source: at(), path: "/m", paths: { "/metrics/db": { db: at() } } };
  await withServer(options, async ({ port }) => {
    for (const path of ["/m", "/metrics/db?collect[]=db"]) {
      assert.equal((await get(port, path)).status, 200);
    }
  });
  assert.deepEqual(told, ["/m", "/metrics/db"]);
});
