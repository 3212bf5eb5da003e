import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistryGatherer } from "../../../src/gatherers/prom-client/gatherer.ts";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import { LIBRARIES, type LibraryRegistry } from "../../helpers/registries/libraries.ts";
import {
  createContext,
  createExpose,
  expose,
  gatherAll,
  withoutDurations,
} from "../../helpers/scraping/gathering.ts";
import { tick } from "../../helpers/turns.ts";

async function gather(registry: LibraryRegistry, signal?: AbortSignal) {
  const context = createContext(signal);
  const result = await createRegistryGatherer(registry).gather(context);
  return {
    names: [...result.families].map(({ name }: MetricFamily) => name),
    errors: withoutDurations(result.errors),
    durations: (result.errors ?? []).map(({ durationMs }) => Number(durationMs)),
    faults: context.faults,
  };
}

for (const { name: library, Registry, Counter, Gauge, Histogram, Summary } of LIBRARIES) {
  test(`a scrape of ${library} runs each collector once, on its metric`, async () => {
    const registry = new Registry();
    const exposeAgain = createExpose(registry);
    for (const Metric of [Gauge, Counter]) {
      new Metric({
        name: `${Metric.name.toLowerCase()}_runs`,
        help: "h",
        registers: [registry],
        collect() {
          this.inc();
        },
      });
    }
    await exposeAgain();
    assert.equal(
      (await exposeAgain()).text,
      "# HELP gauge_runs h\n# TYPE gauge_runs gauge\ngauge_runs 2\n" +
        "# HELP counter_runs h\n# TYPE counter_runs counter\ncounter_runs 2\n",
    );
  });

  test(`a scrape of ${library} runs the collectors of histograms and summaries`, async () => {
    const registry = new Registry();
    function collect(this: { observe(value: number): void }) {
      this.observe(1);
    }
    const registers = [registry];
    new Histogram({ name: "h", help: "h", buckets: [1], registers, collect });
    new Summary({ name: "s", help: "s", percentiles: [0.5], registers, collect });
    assert.equal(
      (await expose(registry)).text,
      '# HELP h h\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\n' +
        'h_count 1\n# HELP s s\n# TYPE s summary\ns{quantile="0.5"} 1\ns_sum 1\ns_count 1\n',
    );
  });

  test(`all collectors of ${library} start before one of them is awaited`, async () => {
    const registry = new Registry();
    const started: string[] = [];
    for (const name of ["a", "b", "c"]) {
      const collect = async () => {
        started.push(name);
        await tick();
      };
      new Gauge({ name, help: "h", registers: [registry], collect });
    }
    const done = gather(registry);
    assert.deepEqual(started, ["a", "b", "c"]);
    await done;
  });

  test(`a scrape of ${library} has the value that another metric's slow collector set`, async () => {
    const registry = new Registry();
    const config = { help: "h", labelNames: ["queue"], registers: [registry] };
    const plain = new Gauge({ ...config, name: "plain" });
    const quick = new Gauge({ ...config, name: "quick", collect: () => {} });
    new Gauge({
      ...config,
      name: "slow",
      async collect() {
        await tick();
        for (const gauge of [plain, quick, this]) gauge.set({ queue: "mail" }, 2);
      },
    });
    assert.deepEqual(
      (await expose(registry)).text.split("\n").filter((line) => !line.startsWith("#")),
      ['plain{queue="mail"} 2', 'quick{queue="mail"} 2', 'slow{queue="mail"} 2', ""],
    );
  });

  test(`a scrape of ${library} awaits a thenable that is not a promise`, async () => {
    const registry = new Registry();
    new Gauge({
      name: "g",
      help: "h",
      registers: [registry],
      collect() {
        const then = (resolve: () => void) => {
          setImmediate(() => {
            this.set(3);
            resolve();
          });
        };
        return { then };
      },
    });
    assert.equal((await expose(registry)).text, "# HELP g h\n# TYPE g gauge\ng 3\n");
  });

  for (const how of ["throws", "rejects"]) {
    test(`a collector of ${library} that ${how} affects no other metric`, async () => {
      const registry = new Registry();
      const registers = [registry];
      const error = new Error("down");
      const collect = () => {
        if (how === "throws") throw error;
        return Promise.reject(error);
      };
      new Gauge({ name: "bad", help: "h", registers, collect });
      new Gauge({ name: "good", help: "h", registers });
      const { durations, ...rest } = await gather(registry);
      assert.deepEqual(rest, {
        names: ["good"],
        errors: [{ collector: "bad", error }],
        faults: [],
      });
      assert.ok(Number(durations[0]) >= 0);
    });
  }

  test(`a collector of ${library} that never settles is abandoned at the deadline`, async () => {
    const registry = new Registry();
    const registers = [registry];
    new Gauge({ name: "bad", help: "h", registers, collect: () => new Promise(() => {}) });
    new Gauge({ name: "good", help: "h", registers, collect: () => tick() });
    const controller = new AbortController();
    const done = gather(registry, controller.signal);
    await tick();
    await tick();
    const reason = new Error("too late");
    controller.abort(reason);
    const { durations, ...rest } = await done;
    assert.deepEqual(rest, {
      names: ["good"],
      errors: [{ collector: "bad", error: reason }],
      faults: [],
    });
    assert.ok(Number(durations[0]) > 0);
  });

  test(`a scrape of ${library} follows metrics that are added and removed`, async () => {
    const registry = new Registry();
    const registers = [registry];
    const exposeAgain = createExpose(registry);
    new Gauge({ name: "a", help: "h", registers }).set(1);
    assert.match((await exposeAgain()).text, /^a 1$/m);
    registry.removeSingleMetric("a");
    new Gauge({ name: "b", help: "h", registers }).set(2);
    assert.equal((await exposeAgain()).text, "# HELP b h\n# TYPE b gauge\nb 2\n");
    registry.clear();
    assert.equal((await exposeAgain()).text, "");
  });
}

function registryOf(...metrics: object[]): LibraryRegistry {
  const [{ Registry } = assert.fail()] = LIBRARIES;
  const registry = new Registry();
  for (const metric of metrics) registry.registerMetric(metric);
  return registry;
}

test("an object that has only a synchronous get() is served", async () => {
  const get = () => ({ type: "gauge", values: [{ value: 4, labels: { a: "b" } }, { value: 5 }] });
  const registry = registryOf({ name: "g", help: "Own.", get });
  assert.deepEqual(await expose(registry), {
    text: '# HELP g Own.\n# TYPE g gauge\ng{a="b"} 4\ng 5\n',
    faults: [],
  });
});

test("an object that has only an asynchronous get() is served", async () => {
  const get = async () => ({ type: "counter", values: [{ value: 4 }] });
  const registry = registryOf({ name: "c_total", get });
  assert.equal((await expose(registry)).text, "# TYPE c_total counter\nc_total 4\n");
});

test("an object whose get() returns no values is served without samples", async () => {
  const registry = registryOf({ name: "g", get: () => ({ type: "gauge" }) });
  assert.equal((await expose(registry)).text, "# TYPE g gauge\n");
});

test("an object of unknown type is served as unknown, and reported", async () => {
  const get = () => ({ type: "meter", values: [{ value: 1 }] });
  assert.deepEqual(await expose(registryOf({ name: "m", get })), {
    text: "# TYPE m untyped\nm 1\n",
    faults: ["m: the type is unknown"],
  });
});

for (const nothing of [undefined, null, 7]) {
  for (const isAsync of [false, true]) {
    test(`a get() that ${isAsync ? "resolves to" : "returns"} ${nothing} fails its metric`, async () => {
      const get = () => (isAsync ? Promise.resolve(nothing) : nothing);
      const registry = registryOf({ name: "bad", get }, { name: "good", get: () => ({}) });
      const { names, errors } = await gather(registry);
      assert.deepEqual(names, ["good"]);
      assert.equal(errors?.[0]?.collector, "bad");
      assert.ok(errors?.[0]?.error instanceof TypeError);
    });
  }
}

test("a metric whose name is not a string is skipped", async () => {
  const metrics = [
    { name: "", get: () => ({}) },
    { name: 7, get: () => ({}) },
    { get: () => ({}) },
  ];
  const registry = { contentType: "", getMetricsAsArray: () => metrics };
  assert.deepEqual(await expose(registry), {
    text: "",
    faults: [
      ": the name of a metric is not a string",
      "7: the name of a metric is not a string",
      "undefined: the name of a metric is not a string",
    ],
  });
});

test("a registry that throws makes the gathering reject", async () => {
  const registry = {
    contentType: "",
    getMetricsAsArray() {
      throw new Error("down");
    },
  };
  await assert.rejects(gatherAll(createRegistryGatherer(registry)), { message: "down" });
});

test("a failure says how long the collector ran until it failed or was abandoned", async () => {
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const down = () => {
    throw new Error("down");
  };
  const registry = registryOf(
    { name: "at_once", get: down },
    { name: "later", get: () => wait(20).then(down) },
    { name: "never", get: () => new Promise(() => {}) },
    { name: "good", get: () => ({}) },
  );
  const controller = new AbortController();
  const done = gather(registry, controller.signal);
  await wait(50);
  controller.abort();
  const { errors, durations } = await done;
  assert.deepEqual(
    errors.map(({ collector }) => collector),
    ["at_once", "later", "never"],
  );
  const [atOnce = Number.NaN, later = Number.NaN, never = Number.NaN] = durations;
  // A timer may fire a millisecond early.
  assert.ok(0 <= atOnce && atOnce < later && 19 <= later && later < never && 49 <= never);
});
