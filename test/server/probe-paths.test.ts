import assert from "node:assert/strict";
import { test } from "node:test";
import { type Probe, Server, type ServerOptions } from "../../src/index.ts";
import { gaugeOf, UP_TEXT } from "../helpers/families.ts";
import { countingGatherer } from "../helpers/gatherers.ts";
import { rawGet as get, rawRequest, request } from "../helpers/http/raw-request.ts";
import { assertWaitsForUpdate } from "../helpers/http/waits-for-update.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { turns } from "../helpers/turns.ts";
import { valueIn } from "../scrape/harness.ts";

const PROBE: Probe = {
  allow: "any",
  modules: ["tcp", "tls"],
  probe: ({ target, module }) => [
    gaugeOf([{ labels: { module }, value: target.port ?? 0 }], "port"),
  ],
};

const bodyOf = async (port: number, target: string) => (await get(port, target)).body;

test("a path with a probe answers for the target of each request", () =>
  withServer({ paths: { "/probe": PROBE } }, async ({ port, log }) => {
    const first = await bodyOf(port, "/probe?target=db1:5432");
    assert.equal(valueIn(first, 'port{module="tcp"}'), 5432);
    assert.equal(valueIn(first, "probe_success"), 1);
    const second = await bodyOf(port, "/probe?target=db1:5433&module=tls");
    assert.equal(valueIn(second, 'port{module="tls"}'), 5433);
    assert.equal((await get(port, "/probe")).status, 400);
    assert.deepEqual(log, []);
  }));

test("an answer of a probe says neither when the process began nor what its scrapes count", () =>
  withServer({ paths: { "/probe": PROBE } }, async ({ port }) => {
    const { headers, body } = await get(port, "/probe?target=db1:1");
    assert.equal(headers["process-start-time-unix"], undefined);
    assert.doesNotMatch(body, /promhttp_/);
  }));

test("the main path counts the requests of all probes, from the start", () =>
  withServer(
    { paths: { "/a": PROBE, "/b": { ...PROBE, modules: undefined } } },
    async ({ port }) => {
      const total = (labels: string) => `promhttp_probes_total{${labels}}`;
      const before = await bodyOf(port, "/metrics");
      assert.equal(valueIn(before, total('path="/a",module="tls",result="timeout"')), 0);
      assert.equal(valueIn(before, total('path="/b",result="success"')), 0);
      assert.equal(valueIn(before, 'promhttp_probes_in_flight{path="/a"}'), 0);
      await bodyOf(port, "/a?target=db1:1&module=tls");
      await bodyOf(port, "/b?target=db1:1");
      await bodyOf(port, "/b?target=");
      const after = await bodyOf(port, "/metrics");
      assert.equal(valueIn(after, total('path="/a",module="tls",result="success"')), 1);
      assert.equal(valueIn(after, total('path="/b",result="success"')), 1);
      assert.equal(valueIn(after, total('path="/b",result="refused"')), 1);
      assert.doesNotMatch(after, /db1/);
    },
  ));

test("what guards the server counts beside its probes", () =>
  withServer(
    { paths: { "/probe": PROBE }, auth: { bearerTokens: ["0123456789abcdef"] } },
    async ({ port }) => {
      assert.equal((await get(port, "/probe?target=db1:1")).status, 401);
      const headers = ["Authorization: Bearer 0123456789abcdef"];
      const { body } = await rawRequest(port, request("/metrics", { headers }));
      assert.match(body, /^promhttp_probes_total/m);
      assert.match(body, /^promhttp_refused_requests_total/m);
    },
  ));

test("setFailing() holds for probes, too", () =>
  withServer({ paths: { "/probe": PROBE } }, async ({ server, port }) => {
    server.setFailing("no network");
    assert.equal((await get(port, "/probe?target=db1:1")).status, 500);
    server.setOk();
    assert.equal((await get(port, "/probe?target=db1:1")).status, 200);
  }));

test("update() keeps probes waiting, too", () =>
  withServer({ paths: { "/probe": PROBE } }, async ({ server, connect }) => {
    await assertWaitsForUpdate(server, await connect(), "/probe?target=db1:1");
  }));

test("a probe is within the body limit and the timeoutMs of the server", async () => {
  const bodyLimit = { bytes: 1_000, action: "fail" } as const;
  const probe: Probe = {
    allow: "any",
    probe: ({ target }) =>
      target.host === "slow"
        ? new Promise(() => {})
        : Array.from({ length: target.port ?? 0 }, (_, n) =>
            gaugeOf([{ labels: {}, value: n }], `g${n}`),
          ),
  };
  await withServer({ paths: { "/probe": probe }, bodyLimit, timeoutMs: 100 }, async ({ port }) => {
    for (const [target, success] of [
      ["db1:1", 1],
      ["db1:100", 0],
      ["slow:1", 0],
    ]) {
      const answer = await bodyOf(port, `/probe?target=${target}`);
      assert.equal(valueIn(answer, "probe_success"), success, String(target));
    }
  });
});

test("closing the server cuts off the probes that are left", async () => {
  let signal: AbortSignal | undefined;
  const hanging: Probe = {
    allow: "any",
    probe: (context) => {
      signal = context.signal;
      return new Promise(() => {});
    },
  };
  const options = { paths: { "/probe": hanging }, drainTimeoutMs: 0 };
  await withServer(options, async ({ server, connect }) => {
    const connection = await connect();
    await connection.send(request("/probe?target=db1:1"));
    while (signal === undefined) await turns(1);
    assert.equal(signal.aborted, false);
    await server.close();
    await turns(5);
    assert.equal(signal.aborted, true);
  });
});

test("the metrics are served while as many probes hang as may be in flight", async () => {
  let running = 0;
  const hanging: Probe = {
    allow: "any",
    maxInFlight: 3,
    probe: ({ signal }) => {
      running++;
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    },
  };
  const options = { paths: { "/probe": hanging }, maxRequestsInFlight: 1, selfMetrics: false };
  await withServer({ ...options, drainTimeoutMs: 0 }, async ({ port, connect }) => {
    for (let host = 1; host <= 3; host++) {
      await (await connect()).send(request(`/probe?target=db${host}:1`));
    }
    while (running < 3) await turns(1);
    assert.equal((await get(port, "/probe?target=db4:1")).status, 503);
    assert.equal(await bodyOf(port, "/metrics"), UP_TEXT);
  });
});

test("a server with a probe takes more connections than one without", async () => {
  await withServer({ paths: { "/probe": PROBE } }, async ({ port, connect }) => {
    // One more than a server takes otherwise.
    await Promise.all(Array.from({ length: 257 }, connect));
    assert.equal((await get(port, "/metrics")).status, 200);
  });
});

test("the page shows a form for a probe", () =>
  withServer({ paths: { "/probe": PROBE } }, async ({ port }) => {
    assert.match(await bodyOf(port, "/"), /<form [^>]*action="[^"]*probe"/);
  }));

const WRONG: readonly [name: string, paths: unknown, error: RegExp, type: typeof Error][] = [
  [
    "a probe without allow",
    { "/p": { probe() {} } },
    /^Option "paths\.\/p\.allow" must say/,
    TypeError,
  ],
  ["an unknown entry", { "/p": { ...PROBE, x: 1 } }, /"paths\.\/p\.x"$/, TypeError],
  [
    "a rule that cannot be read",
    { "/p": { ...PROBE, allow: "a b" } },
    /^Option "paths\.\/p\.allow" must be a host/,
    RangeError,
  ],
  ["a probe at /-/", { "/-/probe": PROBE }, /got "\/-\/probe"$/, RangeError],
];

for (const [name, paths, message, type] of WRONG) {
  test(`Server.listen() refuses ${name}`, async () => {
    const options = { paths } as ServerOptions;
    await assert.rejects(
      Server.listen(countingGatherer(), "127.0.0.1:0", options),
      (error: Error) => {
        assert.ok(error instanceof type);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("Server.listen() refuses a probe as its source", async () => {
  await assert.rejects(
    // @ts-expect-error: a probe is no source.
    Server.listen(PROBE, "127.0.0.1:0"),
    new TypeError('A probe needs a path of its own: option "paths"'),
  );
});
