import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { Gauge, Registry } from "prom-client";
import { gathererOf } from "../../src/gatherers/gatherer-of.ts";
import type { GatherContext, Gatherer, Sources } from "../../src/model/gatherer.ts";
import type { ServerOptions } from "../../src/options/options.ts";
import { UP_FAMILY } from "../helpers/families.ts";
import { createScraper } from "../helpers/scraping/scraper.ts";

/** A gatherer of one family, whose value tells how often it has run. */
function counting(name: string, more: Partial<Gatherer> = {}) {
  const contexts: GatherContext[] = [];
  const gatherer: Gatherer = {
    gather(context) {
      contexts.push(context);
      const metrics = [{ labels: {}, value: contexts.length }];
      return { families: [{ name, help: "", type: "gauge", metrics }] };
    },
    ...more,
  };
  return { gatherer, contexts };
}

function failing(error: unknown): Gatherer {
  return {
    gather() {
      throw error;
    },
  };
}

/** Makes a function that scrapes, and returns the lines with samples, without durations. */
function createLines(sources: Sources, options?: ServerOptions) {
  const { scrape, log } = createScraper(gathererOf(sources), options);
  const lines = async (query = ""): Promise<readonly string[] | string> => {
    const { status, body } = await scrape({ query });
    if (status !== 200) return `${status} ${body}`;
    return body
      .toString()
      .split("\n")
      .filter((line) => /^[^#]/.test(line) && !/seconds/.test(line));
  };
  return { lines, log };
}

const HEALTH = 'promhttp_scrape_collector_success{collector="';

test("collect[] and exclude[] pick sources: the others do not run", async () => {
  const [cpu, disk] = [counting("cpu"), counting("disk")];
  const { lines } = createLines({ cpu: cpu.gatherer, disk: [disk.gatherer] });
  assert.deepEqual(await lines(), ["cpu 1", "disk 1"]);
  assert.deepEqual(await lines("collect[]=disk"), ["disk 2"]);
  assert.deepEqual(await lines("exclude[]=disk"), ["cpu 2"]);
  assert.deepEqual(await lines("exclude[]=disk&exclude[]=cpu"), []);
  assert.deepEqual(await lines("collect[]=disk&name[]=cpu"), []);
  assert.deepEqual(await lines("name[]=cpu"), ["cpu 3"]);
  assert.equal(await lines("collect[]=net"), '400 Unknown source "net".\n');
  assert.equal(
    await lines("collect[]=cpu&exclude[]=disk"),
    "400 The query has both collect[] and exclude[].\n",
  );
  assert.deepEqual([cpu.contexts.length, disk.contexts.length], [3, 4]);
});

test("collect[] picks registries as well, and only their collectors run", async () => {
  const runs: string[] = [];
  const registryOf = (name: string) => {
    const registry = new Registry();
    const collect = () => void runs.push(name);
    new Gauge({ name, help: name, registers: [registry], collect });
    return registry;
  };
  const { lines } = createLines({ a: registryOf("a"), b: [registryOf("b"), registryOf("c")] });
  assert.deepEqual(await lines("collect[]=b"), ["b 0", "c 0"]);
  assert.deepEqual(runs, ["b", "c"]);
});

test("each named source that a scrape picks has its health, and no other has", async () => {
  const error = new Error("no disk");
  const { lines, log } = createLines(
    { cpu: counting("cpu").gatherer, disk: failing(error), net: counting("net").gatherer },
    { selfMetrics: true, errorHandling: "continue" },
  );
  const health = async (query?: string) =>
    ((await lines(query)) as readonly string[]).filter((line) => line.startsWith(HEALTH));
  assert.deepEqual(await health(), [`${HEALTH}cpu"} 1`, `${HEALTH}disk"} 0`, `${HEALTH}net"} 1`]);
  assert.deepEqual(await health("collect[]=net"), [`${HEALTH}net"} 1`]);
  assert.deepEqual(await health("exclude[]=cpu&exclude[]=disk&exclude[]=net"), []);
  assert.match(log.join("\n"), /^promhttp: Collector "disk" failed; its metrics are missing/);
});

test("each named source that a scrape picks has its duration in seconds, whether or not it fails", async () => {
  const busy = (fail: boolean): Gatherer => ({
    gather() {
      const startedAt = performance.now();
      while (performance.now() - startedAt < 10);
      if (fail) throw new Error("no disk");
      return { families: [UP_FAMILY] };
    },
  });
  const sources = { cpu: busy(false), disk: busy(true), net: counting("net").gatherer };
  const { scrape } = createScraper(gathererOf(sources), {
    selfMetrics: true,
    errorHandling: "continue",
  });
  const { body } = await scrape({ query: "exclude[]=net" });
  const name = "promhttp_scrape_collector_duration_seconds";
  const durations = [...body.toString().matchAll(new RegExp(`^${name}{(.*)} (.*)$`, "gm"))];
  assert.deepEqual(
    durations.map(([, labels]) => labels),
    ['collector="cpu"', 'collector="disk"'],
  );
  for (const [line, , seconds] of durations) {
    assert.ok(Number(seconds) >= 0.01 && Number(seconds) < 10, line);
  }
});

test("the log names the source and the collector in it, and the health only the source", async () => {
  const registry = new Registry();
  const collect = () => {
    throw new Error("no disk");
  };
  new Gauge({ name: "free_bytes", help: "h", registers: [registry], collect });
  new Gauge({ name: "used_bytes", help: "h", registers: [registry] });
  const { lines, log } = createLines(
    { disk: registry },
    { selfMetrics: true, errorHandling: "continue" },
  );
  const shown = await lines();
  assert.ok(shown.includes(`${HEALTH}disk"} 0`), String(shown));
  assert.ok(shown.includes("used_bytes 0"));
  assert.match(log.join("\n"), /Collector "disk: free_bytes" failed/);
});

test("a named source that does not settle in time is reported as failed, with its name", async () => {
  const slow: Gatherer = { gather: () => new Promise(() => {}) };
  const { scrape, log } = createScraper(gathererOf({ slow, fast: counting("fast").gatherer }), {
    selfMetrics: true,
    errorHandling: "continue",
    // On a busy machine, what names sources takes a while to load.
    timeoutMs: 1_000,
  });
  // The timers of a scrape do not keep the process alive.
  const alive = setInterval(() => {}, 1_000);
  const { status, body } = await scrape().finally(() => clearInterval(alive));
  assert.equal(status, 200);
  assert.match(body.toString(), /^fast 1$/m);
  assert.match(body.toString(), /^promhttp_scrape_collector_success\{collector="slow"\} 0$/m);
  assert.match(body.toString(), /^promhttp_scrape_collector_success\{collector="fast"\} 1$/m);
  assert.match(log.join("\n"), /Collector "slow" failed/);
});

test("each gatherer is told the parameters that it declares, and no others", async () => {
  const a = counting("a", { params: ["room", "constructor"] });
  const b = counting("b", { params: ["floor"] });
  const c = counting("c");
  const { lines } = createLines([a.gatherer, b.gatherer, c.gatherer]);
  await lines("room=1&floor=2&secret=hush");
  const told = [a, b, c].map(({ contexts }) => ({ ...contexts[0]?.params }));
  assert.deepEqual(told, [{ room: "1" }, { floor: "2" }, {}]);
  assert.equal(a.contexts[0]?.params["constructor"], undefined);
  for (const { contexts } of [a, b, c]) {
    assert.ok(contexts[0]?.signal instanceof AbortSignal);
    assert.equal(contexts[0].isRequested("a", "gauge"), true);
    // A scrape with another secret would share what one gatherer has read of it.
    assert.doesNotMatch(inspect(contexts[0], { depth: null, getters: true }), /hush/);
  }
  assert.equal(await lines("room=1&room=2"), '400 The parameter "room" is given more than once.\n');
  assert.deepEqual(await lines("secret=1&secret=2"), ["a 2", "b 2", "c 2"]);
});

test("a gatherer alone is told nothing of a query but what it declares", async () => {
  const { gatherer, contexts } = counting("a", { params: ["room"] });
  await createLines(gatherer).lines("room=kitchen&secret=hush");
  const told = inspect(contexts, { depth: null, getters: true });
  assert.match(told, /kitchen/);
  assert.doesNotMatch(told, /hush/);
});

test("gathererOf() rejects params that are not a list of texts", () => {
  for (const params of ["room", [1], {}]) {
    // A caller in JavaScript is not stopped by types.
    const gatherer = { gather: () => ({ families: [] }), params } as unknown as Gatherer;
    assert.throws(() => gathererOf(gatherer), TypeError);
  }
});

test("gathererOf() names the source that cannot be served", () => {
  const { gatherer } = counting("a");
  const wrong = { a: gatherer, port: 9464 } as unknown as Sources;
  assert.throws(() => gathererOf(wrong), { name: "TypeError", message: /^Source "port" must be / });
  assert.throws(() => gathererOf({ a: gatherer, b: gatherer }), TypeError);
  assert.throws(() => gathererOf({ a: [gatherer, gatherer] }), TypeError);
  assert.throws(() => gathererOf({ a: [] }), TypeError);
  assert.throws(() => gathererOf({}), TypeError);
});

test("scrapes share a gathering exactly if their declared values are equal", async () => {
  const value = fc.option(fc.constantFrom("", "1", "2", "a&b", "ü"), { nil: undefined });
  const query = fc.record({ room: value, floor: value, other: value });
  await fc.assert(
    fc.asyncProperty(fc.array(query, { minLength: 2, maxLength: 8 }), async (queries) => {
      const told: GatherContext["params"][] = [];
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const gatherer: Gatherer = {
        params: ["room", "floor"],
        async gather({ params }) {
          told.push(params);
          await released;
          // A label without a text is none, so each has one.
          const labels = Object.entries(params).map(([name, text]) => [name, `=${text}`]);
          const metrics = [{ labels: Object.fromEntries(labels), value: 1 }];
          return { families: [{ name: "seen", help: "", type: "gauge", metrics }] };
        },
      };
      const { scrape } = createScraper(gathererOf([gatherer, counting("c").gatherer]));
      // What reads queries, and what tells gatherers apart, is loaded with the first.
      await scrape({ isHead: true, query: "x" });
      await import("../../src/gatherers/tell-apart.ts");
      const answers = queries.map((given) => scrape({ query: textOf(given) }));
      release();
      const bodies = (await Promise.all(answers)).map(({ body }) => body.toString());
      const keys = queries.map(({ room, floor }) => JSON.stringify([room ?? null, floor ?? null]));
      assert.equal(told.length, new Set(keys).size);
      for (const [index, { room, floor }] of queries.entries()) {
        const labels = Object.entries({ room, floor }).flatMap(([name, text]) =>
          text === undefined ? [] : `${name}="=${text}"`,
        );
        const sample = labels.length === 0 ? "seen 1" : `seen{${labels.join(",")}} 1`;
        assert.ok(bodies[index]?.split("\n").includes(sample), `${sample} in ${bodies[index]}`);
      }
    }),
    { numRuns: 100 },
  );
});

function textOf(query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}=${encodeURIComponent(value)}`,
  );
  return given.join("&");
}
