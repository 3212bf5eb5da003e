import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistryGatherer } from "../../../src/gatherers/prom-client/gatherer.ts";
import { isDefaultMetric, isProcessWide } from "../../../src/gatherers/remote/default-metrics.ts";
import { LIBRARIES } from "../../helpers/registries/libraries.ts";
import { createContext, gatherAll } from "../../helpers/scraping/gathering.ts";
import { counterOf, gaugeOf, TestGroup } from "./workers.ts";

const NONE = {};

/** Not all that the tests use of a library is in its type. */
function defaultMetricsOf(client: object): (config: object) => void {
  const { collectDefaultMetrics } = client as { collectDefaultMetrics(config: object): void };
  return collectDefaultMetrics;
}

for (const client of LIBRARIES) {
  for (const prefix of ["", "shop_", "my_process_"]) {
    test(`the default metrics of ${client.name} are known with the prefix "${prefix}"`, async () => {
      const registry = new client.Registry();
      defaultMetricsOf(client)({ register: registry, prefix });
      const families = await gatherAll(createRegistryGatherer(registry), createContext());
      const names = Array.from(families, ({ name }) => name);
      assert.ok(names.length > 20, `${names.length} families`);
      assert.deepEqual(
        names.filter((name) => !isDefaultMetric(name)),
        [],
      );
      const shared = names.filter(isProcessWide).map((name) => name.slice(prefix.length));
      assert.ok(shared.includes("process_cpu_user_seconds_total"));
      assert.ok(!shared.some((name) => /eventloop|heap_size|gc_|active/.test(name)));
    });
  }
}

test("metrics of an application are no default metrics", () => {
  for (const name of ["jobs_total", "subprocess_starts_total", "preprocess_seconds", "nodejs"]) {
    assert.equal(isDefaultMetric(name), false, name);
  }
});

const families = (value: number) => [
  counterOf("process_cpu_user_seconds_total", [NONE, value]),
  gaugeOf("app_process_resident_memory_bytes", undefined, [NONE, value]),
  gaugeOf("process_start_time_seconds", "omit", [NONE, value]),
  gaugeOf("nodejs_eventloop_lag_seconds", "average", [NONE, value]),
  gaugeOf("nodejs_version_info", "first", [{ version: "1" }, 1]),
];

test("default metrics are those of each worker, and once of each process", () => {
  const group = new TestGroup();
  group.join(families(10), { slot: 0, pid: 1, isMainThread: false });
  group.join(families(20), { slot: 1, pid: 1, isMainThread: true });
  group.join(families(30), { slot: 2, pid: 2, isMainThread: false });
  group.join(families(40), { slot: 3, pid: 2, isMainThread: false });
  assert.deepEqual(group.lines(), [
    'process_cpu_user_seconds_total{worker="1"} 20',
    'process_cpu_user_seconds_total{worker="2"} 30',
    'app_process_resident_memory_bytes{worker="1"} 20',
    'app_process_resident_memory_bytes{worker="2"} 30',
    'process_start_time_seconds{worker="1"} 20',
    'process_start_time_seconds{worker="2"} 30',
    'nodejs_eventloop_lag_seconds{worker="0"} 10',
    'nodejs_eventloop_lag_seconds{worker="1"} 20',
    'nodejs_eventloop_lag_seconds{worker="2"} 30',
    'nodejs_eventloop_lag_seconds{worker="3"} 40',
    'nodejs_version_info{version="1",worker="1"} 1',
    'nodejs_version_info{version="1",worker="2"} 1',
  ]);
});

test("default metrics of a worker that is gone go, those of a late one only if they are gauges", () => {
  const group = new TestGroup();
  const first = group.join(families(10));
  const second = group.join(families(20));
  group.retire(first);
  second.isCurrent = false;
  assert.deepEqual(group.lines(), ['process_cpu_user_seconds_total{worker="1"} 20']);
});

test("default metrics are aggregated as their library says, if the option says so", () => {
  const group = new TestGroup({ defaultMetrics: "aggregate" });
  group.join(families(10), { slot: 0, pid: 1 });
  const thread = group.join(families(99), { slot: 1, pid: 1, isMainThread: false });
  const other = group.join(families(30), { slot: 2, pid: 2 });
  const expected = (cpu: number, memory: number, lag: number) => [
    `process_cpu_user_seconds_total ${cpu}`,
    `app_process_resident_memory_bytes ${memory}`,
    `nodejs_eventloop_lag_seconds ${lag}`,
    'nodejs_version_info{version="1"} 1',
  ];
  assert.deepEqual(group.lines(), expected(40, 40, 139 / 3));
  // Its process goes on.
  group.retire(thread);
  assert.deepEqual(group.lines(), expected(40, 40, 20));
  group.retire(other);
  assert.deepEqual(group.lines(), expected(40, 10, 10));
});

test("the option may say what becomes of one default metric", () => {
  const group = new TestGroup({
    aggregators: new Map([
      ["nodejs_eventloop_lag_seconds", "max"],
      ["process_cpu_user_seconds_total", "sum"],
    ]),
  });
  group.join(families(10));
  group.join(families(20));
  assert.ok(group.lines().includes("nodejs_eventloop_lag_seconds 20"));
  assert.ok(group.lines().includes("process_cpu_user_seconds_total 30"));
});
