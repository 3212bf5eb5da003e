import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { createLog } from "../../src/log.ts";
import type { Probe } from "../../src/model/probe.ts";
import { checkProbe } from "../../src/options/probe-rules.ts";
import { resolveHandlerOptions } from "../../src/options/rules.ts";
import { createProbeEndpoint } from "../../src/probe/probe-endpoint.ts";
import { UpdateLock } from "../../src/scrape/update-lock.ts";
import { gaugeOf, largeGauge, UP_FAMILY, UP_TEXT } from "../helpers/families.ts";
import { LIBRARIES } from "../helpers/registries/libraries.ts";
import { tick } from "../helpers/turns.ts";
import { createHarness, createSettled } from "./harness.ts";

/** The answer of a probe without what differs each time. */
function stable(text: string | undefined): string {
  return String(text).replace(/^(probe_duration_seconds) .*$/m, "$1 D");
}

const OURS = (success: 0 | 1, timeout: number) =>
  [
    "# HELP probe_success Whether the probe succeeded.",
    "# TYPE probe_success gauge",
    `probe_success ${success}`,
    "# HELP probe_duration_seconds How long the probe took.",
    "# TYPE probe_duration_seconds gauge",
    "probe_duration_seconds D",
    "# HELP probe_timeout_seconds How long the probe was allowed to take.",
    "# TYPE probe_timeout_seconds gauge",
    `probe_timeout_seconds ${timeout}`,
    "",
  ].join("\n");

test("a probe is answered with its families, and ours before them", async () => {
  const { ask, counted } = createHarness();
  const sent = await ask("target=a", { timeoutSeconds: "10" });
  assert.deepEqual(
    { ...sent, text: stable(sent?.text) },
    {
      status: 200,
      headers: {
        "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
        Vary: "Accept, Accept-Encoding",
        "Cache-Control": "no-store",
      },
      text: OURS(1, 9.5) + UP_TEXT,
      isStream: false,
      isCut: false,
    },
  );
  assert.deepEqual(counted(), ["success -: 1"]);
});

test("a probe is told its target, module and parameters, and can connect with lookup", async () => {
  const { probe, contexts, settle } = createSettled();
  const { ask } = createHarness({ probe, modules: ["x", "y"], params: ["room"] });
  const answer = ask("target=http://DB1:80/a&module=y&room=1&other=hush");
  await tick();
  const [context] = contexts;
  assert.equal(context?.target.text, "http://db1:80/a");
  assert.equal(context?.module, "y");
  assert.deepEqual({ ...context?.params }, { room: "1" });
  assert.equal(typeof context?.lookup, "function");
  assert.ok(context?.signal instanceof AbortSignal);
  // Requests with another value of it share this run.
  assert.doesNotMatch(inspect(context, { depth: null, getters: true }), /hush/);
  settle[0]?.([]);
  await answer;
});

test("a probe may be an object of a class", async () => {
  class Pinger implements Probe {
    readonly allow = "any";
    readonly #up = UP_FAMILY;
    probe() {
      return [this.#up];
    }
  }
  const probe: unknown = new Pinger();
  checkProbe("probe", probe);
  const options = resolveHandlerOptions();
  const log = createLog(false);
  const status = { isFailing: false };
  const parts = { path: undefined, options, log, status, lock: new UpdateLock() };
  const endpoint = createProbeEndpoint(probe, parts);
  const signal = new AbortController().signal;
  const request = { query: "target=a", signal, isHead: false, accept: undefined };
  const answer = await endpoint.scrape({
    ...request,
    acceptEncoding: undefined,
    timeoutSeconds: undefined,
  });
  assert.match(String(answer?.body), /^up 1$/m);
  answer?.end();
});

test("probe_duration_seconds is in seconds", async () => {
  const probe: Probe["probe"] = () => {
    const startedAt = performance.now();
    while (performance.now() - startedAt < 10);
    return [];
  };
  const text = String((await createHarness({ probe }).ask("target=a"))?.text);
  const [, seconds] = /^probe_duration_seconds (.*)$/m.exec(text) ?? [];
  assert.ok(Number(seconds) >= 0.01 && Number(seconds) < 10, text);
});

test("families that a probe returns replace ours of the same name", async () => {
  const own = [gaugeOf([{ labels: { step: "dns" }, value: 2 }], "probe_duration_seconds")];
  const { ask } = createHarness({ probe: () => own });
  const sent = await ask("target=a");
  assert.match(String(sent?.text), /^probe_duration_seconds\{step="dns"\} 2$/m);
  assert.doesNotMatch(String(sent?.text), /^probe_duration_seconds /m);
});

test("a probe that returns probe_success 0 counts as a failure, with its families", async () => {
  const failed = gaugeOf([{ labels: {}, value: 0 }], "probe_success");
  const { ask, counted, logged } = createHarness({ probe: () => [failed, UP_FAMILY] });
  const sent = await ask("target=a");
  assert.match(String(sent?.text), /^probe_success 0$/m);
  assert.match(String(sent?.text), /^up 1$/m);
  assert.deepEqual(counted(), ["failure -: 1"]);
  assert.deepEqual(logged, []);
});

for (const library of LIBRARIES) {
  test(`a probe may return a registry of ${library.name}`, async () => {
    const probe: Probe["probe"] = () => {
      const registry = new library.Registry();
      const gauge = new library.Gauge({ name: "g", help: "G.", registers: [registry] });
      gauge.set({}, 3);
      return registry;
    };
    const { ask } = createHarness({ probe });
    for (const _ of [1, 2]) assert.match(String((await ask("target=a"))?.text), /^g 3$/m);
  });

  test(`a collector of ${library.name} that hangs makes its probe late`, async () => {
    const probe: Probe["probe"] = () => {
      const registry = new library.Registry();
      const collect = () => new Promise(() => {});
      new library.Gauge({ name: "g", help: "G.", registers: [registry], collect });
      return registry;
    };
    const { verdict, counted } = createHarness({ probe });
    const alive = setTimeout(() => {}, 60_000);
    assert.equal(await verdict("target=a", { timeoutSeconds: "0.05" }), "200 probe_success 0");
    clearTimeout(alive);
    assert.deepEqual(counted(), ["timeout -: 1"]);
  });
}

const FAILURES: readonly [name: string, probe: () => unknown][] = [
  [
    "throws",
    () => {
      throw new Error("Refused");
    },
  ],
  [
    "throws undefined",
    () => {
      throw undefined;
    },
  ],
  ["rejects", () => Promise.reject(new Error("Refused"))],
  ["rejects with null", () => Promise.reject(null)],
  ["returns nothing", () => undefined],
  ["returns a text", () => "up 1\n"],
  ["returns a list of junk", () => [null, 5, "up"]],
  ["returns an object", () => ({ up: 1 })],
  [
    "returns a thenable that throws",
    () => ({
      // biome-ignore lint/suspicious/noThenProperty: It is what is tested.
      then() {
        throw new Error("Then");
      },
    }),
  ],
];

for (const [name, probe] of FAILURES) {
  test(`a probe that ${name} is answered with probe_success 0, and logged`, async () => {
    const { ask, counted, counts, logged } = createHarness({ probe: probe as Probe["probe"] });
    const sent = await ask("target=http://db:80/secret?token=1", { timeoutSeconds: "10" });
    assert.equal(sent?.status, 200);
    assert.equal(stable(sent?.text), OURS(0, 9.5));
    assert.deepEqual(counted(), ["failure -: 1"]);
    assert.equal(counts.inFlight, 0);
    assert.match(
      String(logged),
      /Probe of http:\/\/db:80 failed; it is answered with probe_success 0/,
    );
    assert.doesNotMatch(String(logged), /secret|token/);
  });
}

test("an answer that is cut off is logged as such", async () => {
  const { run, counted, counts, logged } = createHarness();
  await run({ query: "target=a" }, () => Promise.reject(new Error("Lost")));
  assert.match(String(logged), /^error promhttp: Probe of a failed; its answer was cut off: /);
  assert.deepEqual(counted(), ["failure -: 1"]);
  assert.equal(counts.inFlight, 0);
});

test('a probe that fails is answered with 500 where onFailure is "error"', async () => {
  const { ask, counted, counts } = createHarness({
    probe: () => Promise.reject(new Error("Password: 1")),
    onFailure: "error",
  });
  const sent = await ask("target=a");
  assert.equal(sent?.status, 500);
  assert.equal(sent?.text, "The probe failed. See the process log.\n");
  assert.deepEqual(counted(), ["failure -: 1"]);
  assert.equal(counts.inFlight, 0);
});

test("a probe that fails and works again is logged once each", async () => {
  let isBroken = true;
  const probe: Probe["probe"] = () => {
    if (isBroken) throw new Error("Refused");
    return [];
  };
  const { ask, logged } = createHarness({ probe, modules: ["x", "y"] });
  for (const query of ["target=a", "target=a", "target=b", "target=a&module=y"]) await ask(query);
  assert.equal(logged.length, 3);
  isBroken = false;
  await ask("target=a&module=y");
  assert.match(String(logged[3]), /^info .*Probe of a \(module "y"\) works again/);
  assert.equal(logged.length, 4);
});

const NOT_ALLOWED =
  "This target is not allowed. Loopback, link-local and metadata addresses must be listed.\n";

const REFUSED: readonly [query: string, status: number, text: string, count: string][] = [
  ["", 400, 'The parameter "target" is missing.\n', "refused -: 1"],
  ["target=a&module=z", 400, 'Unknown module "z".\n', "refused -: 1"],
  ["target=169.254.169.254", 403, NOT_ALLOWED, "refused x: 1"],
  ["target=localhost&module=y", 403, NOT_ALLOWED, "refused y: 1"],
];

for (const isHead of [false, true]) {
  for (const [query, status, text, count] of REFUSED) {
    test(`${isHead ? "HEAD" : "GET"} ?${query} is answered with ${status}`, async () => {
      const { ask, counted, counts, logged } = createHarness({
        modules: ["x", "y"],
        probe: () => assert.fail("it ran"),
      });
      const sent = await ask(query, { isHead });
      assert.equal(sent?.status, status);
      assert.equal(sent?.text, text);
      assert.deepEqual(counted(), [count]);
      assert.equal(counts.inFlight, 0);
      assert.deepEqual(logged, []);
    });
  }
}

test("a HEAD has the headers of a GET, and runs nothing", async () => {
  const { ask, counts } = createHarness({ probe: () => assert.fail("it ran") });
  const sent = await ask("target=a", { isHead: true });
  assert.equal(sent?.status, 200);
  assert.equal(sent?.text, "");
  assert.equal(sent?.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(counts.inFlight, 0);
});

test("a rule that throws is answered with 500, and logged", async () => {
  const { ask, counted, logged } = createHarness({
    allow: () => {
      throw new Error("Rule");
    },
  });
  const sent = await ask("target=a");
  assert.equal(sent?.status, 500);
  assert.deepEqual(counted(), ["refused -: 1"]);
  assert.match(String(logged), /Rule/);
});

test("requests beyond maxInFlight are answered with 503, those that wait included", async () => {
  const { probe, settle, contexts } = createSettled();
  const { ask, verdict, counted } = createHarness({ probe, maxInFlight: 3 });
  const answers = ["a", "a", "a/"].map((target) => verdict(`target=http://${target}`));
  const busy = await ask("target=b");
  assert.equal(busy?.status, 503);
  assert.equal(busy?.headers["Retry-After"], "1");
  assert.equal(busy?.text, "Too many probes at once. Try again in a moment.\n");
  assert.deepEqual(counted(), ["refused -: 1"]);
  assert.equal((await ask("target=b", { isHead: true }))?.status, 200);
  settle[0]?.([]);
  await answers[0];
  while (contexts.length < 2) await tick();
  settle[1]?.([]);
  assert.deepEqual(await Promise.all(answers), Array(3).fill("200 probe_success 1"));
  assert.equal((await ask("target="))?.status, 400);
});

test("256 requests are in flight at once, unless maxInFlight says otherwise", async () => {
  const { probe, settle } = createSettled();
  const { verdict } = createHarness({ probe });
  const answers = Array.from({ length: 256 }, () => verdict("target=a"));
  assert.match(String(await verdict("target=a")), /^503 Too many/);
  settle[0]?.([]);
  assert.deepEqual(await Promise.all(answers), Array(256).fill("200 probe_success 1"));
});

test("a request is in flight until its answer has been sent", async () => {
  const { run, counts } = createHarness();
  await run({ query: "target=a" }, async () => assert.equal(counts.inFlight, 1));
  assert.equal(counts.inFlight, 0);
});

test("probes get 500 while the application says that its metrics are failing", async () => {
  const { ask, status, counted } = createHarness({ probe: () => assert.fail("it ran") });
  status.isFailing = true;
  for (const isHead of [false, true]) {
    assert.equal((await ask("target=a", { isHead }))?.status, 500);
  }
  assert.deepEqual(counted(), ["refused -: 2"]);
});

test("probes wait for an update of the application", async () => {
  const { verdict, lock } = createHarness();
  let isUpdated = false;
  const update = lock.update(async () => {
    await tick();
    isUpdated = true;
  }, 60_000);
  await verdict("target=a");
  assert.equal(isUpdated, true);
  await update;
});

test("a probe is answered in the format and the encoding that its scraper asks for", async () => {
  const { ask } = createHarness({ probe: () => [largeGauge(() => 1)] });
  const accept = "application/openmetrics-text; version=1.0.0";
  const sent = await ask("target=a", { accept });
  assert.match(String(sent?.headers["Content-Type"]), /^application\/openmetrics-text/);
  assert.match(String(sent?.text), /# EOF\n$/);
  const gzip = await ask("target=a", { acceptEncoding: "gzip" });
  assert.equal(gzip?.headers["Content-Encoding"], "gzip");
});

test("a body beyond the limit makes the probe fail", async () => {
  const { verdict, logged } = createHarness(
    { probe: () => [largeGauge(() => 1)] },
    { bodyLimit: { bytes: 1_000, action: "fail" } },
  );
  assert.equal(await verdict("target=a"), "200 probe_success 0");
  assert.match(String(logged), /more than 1000 bytes/);
});

test("a metric that cannot be expressed is skipped and logged", async () => {
  const metrics = [
    { labels: { a: Object.create(null) }, value: 1 },
    { labels: {}, value: 2 },
  ];
  const { ask, logged } = createHarness({ probe: () => [gaugeOf(metrics)] });
  assert.match(String((await ask("target=a"))?.text), /^g 2$/m);
  assert.match(String(logged), /^warn .*Skipped part of metric family "g"/);
});

/** What `X-Prometheus-Scrape-Timeout-Seconds` says, and the time that a probe then has, in seconds. */
const TIMES: readonly [header: string | undefined, seconds: number][] = [
  [undefined, 29.5],
  ["abc", 29.5],
  ["-5", 29.5],
  ["NaN", 29.5],
  ["0", 29.5],
  ["1e9", 29.5],
  ["10", 9.5],
  ["0.3", 0.27],
];

for (const [timeoutSeconds, seconds] of TIMES) {
  test(`a scrape timeout of ${timeoutSeconds} gives a probe ${seconds} s`, async () => {
    const { ask } = createHarness();
    const sent = await ask("target=a", { timeoutSeconds });
    assert.equal(stable(sent?.text), OURS(1, seconds) + UP_TEXT);
  });
}
