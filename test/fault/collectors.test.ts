import assert from "node:assert/strict";
import type { Gatherer, ServerOptions } from "../../src/index.ts";
import { UP_FAMILY } from "../helpers/families.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import {
  type ClientLibrary,
  LIBRARIES,
  type LibraryRegistry,
} from "../helpers/registries/libraries.ts";
import { scaleWait } from "../helpers/wait-factor.ts";
import { SCRAPE, testFault } from "./fault.ts";
import { THROWN } from "./thrown.ts";

// What collectors, gatherers and hooks do to a scrape: fail in every way that there is, or never end.

type Collect = () => unknown;

/** How a failure comes out of a collector. */
const WAYS: Readonly<Record<string, (thrown: () => unknown) => Collect>> = {
  throws: (thrown) => () => {
    throw thrown();
  },
  "rejects with": (thrown) => async () => {
    throw thrown();
  },
  "rejects in a later turn with": (thrown) => () =>
    new Promise((_, reject) => setImmediate(() => reject(thrown()))),
  "gives a thenable that throws": (thrown) => () => ({
    // biome-ignore lint/suspicious/noThenProperty: this is the fault.
    then() {
      throw thrown();
    },
  }),
};

/** A registry with a sound gauge and one whose collector fails. */
function registryWith({ Registry, Gauge }: ClientLibrary, collect: Collect): LibraryRegistry {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({ name: "sound", help: "h", registers }).set(1);
  new Gauge({ name: "faulty", help: "h", registers, collect }).set({}, 1);
  return registry;
}

function gathererWith(gather: Collect): Gatherer {
  // The fault is in what it gives.
  return { gather: gather as Gatherer["gather"] };
}

for (const [what, thrown] of Object.entries(THROWN)) {
  for (const [way, collectOf] of Object.entries(WAYS)) {
    // What is thrown, how it is thrown and by which library do not depend on each other.
    const isPlain = what === "an Error";
    const inThread = isPlain || way === "throws" ? "always" : "variant";
    for (const library of LIBRARIES) {
      if (library.major === 13 || library.major === 14) continue;
      const source = () => registryWith(library, collectOf(thrown));
      const inThread = isPlain && way === "throws" ? "always" : "variant";
      testFault({
        name: `a collector of ${library.name} that ${way} ${what}`,
        inThread,
        server: () => ({ source: source() }),
        inflict: ({ port, log }) => expectFailure(port, log),
        next: 500,
      });
      testFault({
        name: `a collector of ${library.name} that ${way} ${what}, and serves the others`,
        inThread,
        server: () => ({ source: source(), errorHandling: "continue" }),
        inflict: async ({ port }) => {
          const { status, body } = await rawRequest(port, SCRAPE);
          assert.equal(status, 200);
          assert.match(body, /^sound 1\n/m);
          assert.doesNotMatch(body, /^faulty/m);
          assert.match(body, /^promhttp_scrape_collector_success\{collector="faulty"\} 0\n/m);
        },
      });
    }
    testFault({
      name: `a gatherer that ${way} ${what}`,
      inThread,
      server: () => ({ source: gathererWith(collectOf(thrown)) }),
      inflict: ({ port, log }) => expectFailure(port, log),
      next: 500,
    });
    testFault({
      name: `a hook that ${way} ${what}`,
      inThread,
      server: () => ({ onScrape: collectOf(thrown) }),
      inflict: ({ port, log }) => expectFailure(port, log),
      next: 500,
    });
    testFault({
      name: `a logger that ${way} ${what}`,
      inThread,
      server: () => ({
        source: gathererWith(() => {
          throw new Error("broken");
        }),
        logger: { error: collectOf(thrown), warn: collectOf(thrown) },
      }),
      inflict: async ({ port, server }) => {
        assert.equal((await rawRequest(port, SCRAPE)).status, 500);
        await server.update(collectOf(thrown));
        server.setFailing();
        server.setOk();
      },
      next: 500,
    });
    testFault({
      name: `an update that ${way} ${what}`,
      inThread,
      inflict: ({ server }) => server.update(collectOf(thrown)),
    });
  }
}

async function expectFailure(port: number, log: readonly string[]): Promise<void> {
  const { status, body } = await rawRequest(port, SCRAPE);
  assert.equal(status, 500);
  assert.equal(body, "The metrics could not be gathered. See the process log.\n");
  assert.ok(log.length >= 1);
}

/** What a gatherer may give instead of families. */
const RESULTS: Readonly<Record<string, () => unknown>> = {
  nothing: () => undefined,
  "a number": () => 1,
  "no families": () => ({}),
  "families that are null": () => ({ families: null }),
  "a metric that is null": () => ({ families: [{ ...UP_FAMILY, metrics: [null] }] }),
  "errors that are null": () => ({ families: [UP_FAMILY], errors: [null] }),
};

for (const [what, result] of Object.entries(RESULTS)) {
  for (const errorHandling of ["fail", "continue"] as const) {
    testFault({
      name: `a gatherer that returns ${what} (${errorHandling})`,
      server: () => ({ source: gathererWith(result), errorHandling }),
      inflict: async ({ port }) => assert.equal((await rawRequest(port, SCRAPE)).status, 500),
      next: 500,
    });
  }
}

/** Families that are left out, and said to be. */
const ODD_FAMILIES: Readonly<Record<string, object>> = {
  "of an unknown type": { type: "odd" },
  "without a type": { type: undefined },
  "whose name is a symbol": { name: Symbol("x") },
  "whose name is empty": { name: "" },
  "whose help is a number": { help: 1 },
  "without metrics": { metrics: undefined },
};

for (const [what, members] of Object.entries(ODD_FAMILIES)) {
  testFault({
    name: `a family ${what}`,
    server: () => ({
      source: gathererWith(() => ({ families: [{ ...UP_FAMILY, ...members }] })),
    }),
    inflict: async ({ port, log }) => {
      assert.doesNotMatch((await rawRequest(port, SCRAPE)).body, /^up /m);
      assert.match(log[0] ?? "", /^warn promhttp: Skipped part of metric family/);
    },
  });
}

testFault({
  name: "a gatherer that returns null beside a family",
  server: () => ({ source: gathererWith(() => ({ families: [null, UP_FAMILY] })) }),
  inflict: async ({ port, log }) => {
    assert.match((await rawRequest(port, SCRAPE)).body, /^up /m);
    assert.match(log[0] ?? "", /^warn promhttp: Skipped part of metric family/);
  },
});

testFault({
  name: "a metric without labels",
  server: () => ({
    source: gathererWith(() => ({ families: [{ ...UP_FAMILY, metrics: [{ value: 1 }] }] })),
  }),
  inflict: async ({ port }) => assert.match((await rawRequest(port, SCRAPE)).body, /^up 1$/m),
});

const NEVER = () => new Promise<never>(() => {});

/** What never ends, and what the next scrape gets. */
const ENDLESS: Readonly<Record<string, () => ServerOptions & { source?: Gatherer }>> = {
  "a gatherer that never settles": () => ({ source: gathererWith(NEVER) }),
  "a hook that never settles": () => ({ onScrape: NEVER }),
};

for (const [name, server] of Object.entries(ENDLESS)) {
  testFault({
    name,
    server: () => ({ ...server(), timeoutMs: 50 }),
    inflict: async ({ port, log }) => {
      assert.equal((await rawRequest(port, SCRAPE)).status, 503);
      assert.match(log.join("\n"), /ScrapeTimeoutError/);
    },
    next: 503,
  });
}

for (const library of LIBRARIES) {
  testFault({
    name: `a collector of ${library.name} that never settles`,
    server: () => ({ source: registryWith(library, NEVER), timeoutMs: 50 }),
    inflict: async ({ port }) => assert.equal((await rawRequest(port, SCRAPE)).status, 503),
    next: 503,
  });
  if (library.major !== 15) continue;
  testFault({
    name: `a collector of ${library.name} that never settles, and serves the others`,
    server: () => ({
      source: registryWith(library, NEVER),
      // It leaves a second to send what there is, on a machine that is busy.
      timeoutMs: scaleWait(5_000),
      errorHandling: "continue",
    }),
    inflict: async ({ port }) => {
      const { status, body } = await rawRequest(port, SCRAPE);
      assert.equal(status, 200);
      assert.match(body, /^sound 1\n/m);
      assert.doesNotMatch(body, /^faulty/m);
    },
  });
}

testFault({
  name: "an update that never settles",
  // The next scrape, which no update delays, must be answered in this time.
  server: () => ({ timeoutMs: scaleWait(5_000) }),
  inflict: async ({ server, port }) => {
    const updating = server.update(NEVER);
    const headers = ["X-Prometheus-Scrape-Timeout-Seconds: 0.01"];
    assert.equal((await rawRequest(port, request("/metrics", { headers }))).status, 503);
    await updating;
  },
});
