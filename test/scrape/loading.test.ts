import assert from "node:assert/strict";
import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { isZstdAvailable } from "../../src/exposition/compression/zstd.ts";
import { httpGet } from "../helpers/http/http-get.ts";

const FIXTURE = fileURLToPath(new URL("../fixtures/log-loads.mjs", import.meta.url));

const TEXT = "text/plain;version=0.0.4";
const OPENMETRICS = "application/openmetrics-text;version=1.0.0";
const PROTOBUF =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

interface Scrape {
  /** @default "/metrics" */
  readonly path?: string;
  readonly accept: string;
  readonly "accept-encoding": string;
}

/** What a process has loaded. */
interface Loaded {
  /** The code of this package. */
  readonly ours: string;
  /** The modules of Node, its internal ones included. */
  readonly builtins: readonly string[];
}

/** Starts a process that serves metrics from the built package, scrapes it and returns what it loaded. */
async function loadedAfter(
  scrapes: readonly Scrape[],
  kind: "promhttp" | "plain" | "thread" | "no thread" = "promhttp",
): Promise<Loaded> {
  const folder = mkdtempSync(join(tmpdir(), "promhttp-"));
  const file = join(folder, "loads");
  writeFileSync(file, "");
  // The flags of this process, such as `--import`, are not for the child.
  const child = fork(FIXTURE, [kind, file], { execArgv: [] });
  try {
    const [{ port }] = await once(child, "message");
    for (const scrape of scrapes) {
      const { path = "/metrics", ...headers } = scrape;
      const { status } = await httpGet(`http://127.0.0.1:${port}${path}`, headers);
      assert.equal(status, 200);
    }
    child.send("loaded?");
    const [{ builtins }] = await once(child, "message");
    const urls = readFileSync(file, "utf8").split("\n");
    const files = urls.filter((url) => url.includes("/dist/"));
    const ours = files.map((url) => readFileSync(new URL(url), "utf8")).join("\n");
    return { ours, builtins };
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
}

const SRC = fileURLToPath(new URL("../../src/", import.meta.url));

/** The parts of the package that are loaded when they are used, and their source files. */
const PARTS: Readonly<Record<string, RegExp>> = {
  OpenMetrics: /^exposition\/text\/(openmetrics|exemplar)/,
  protobuf: /^exposition\/protobuf\//,
  compression: /^exposition\/compression\/(?!compressor)/,
  "the page": /^(page\/(?!open-page)|scrape\/survey\/survey|version)/,
  "a group": /^(group\/|endpoint\/group|server\/open\/open-in-group|http\/targets)/,
  "a thread": /^(server\/(thread\/|open\/open-any)|thread\.)/,
  "what groups and threads send": /^(gatherers\/remote|scrape\/slicing)\//,
  "further paths": /^endpoint\/(served-paths|endpoints)/,
  probes: /^(probe\/|endpoint\/probes|options\/probe-rules)/,
  "the Fetch API": /^(http\/fetch|mount\/answer-fetch)/,
  "a look at the memory": /^exposition\/kept\/(memory-pressure|read-memory)/,
  security:
    /^(server\/(security|tls|web-config)|http\/access(\.ts|\/(?!settings-file|token-file))|options\/late)/,
  "what no TCP port needs": /^server\/listen\/(unix|stale|descriptors|systemd|environment|health)/,
  "queries, hooks and named sources":
    /^(scrape\/(application|query\/query)|gatherers\/tell-apart)\./,
  OpenTelemetry: /^(gatherers\/opentelemetry|exporter|programs\/opentelemetry)\//,
};

/** The functions of the source files, which keep their names in the built package. */
const FUNCTIONS = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) => {
    const found = readFileSync(join(SRC, file), "utf8").matchAll(
      /^(?:export )?(?:async )?function\*? (\w+)/gm,
    );
    return [...found].map(([, name = ""]) => ({ file, name }));
  });

/** Whether the code has a function that only files matching `pattern` have. */
function hasCodeOf(pattern: RegExp, code: string): boolean {
  const others = FUNCTIONS.filter(({ file }) => !pattern.test(file)).map(({ name }) => name);
  return FUNCTIONS.some(
    ({ file, name }) =>
      pattern.test(file) &&
      !others.includes(name) &&
      new RegExp(`function\\*? ?${name}\\(`).test(code),
  );
}

/** What a plain HTTP server loads; in some versions of Node `node:zlib` is part of it. */
const PLAIN: Loaded = await loadedAfter([{ accept: TEXT, "accept-encoding": "identity" }], "plain");

const IS_ZLIB_PLAIN = PLAIN.builtins.includes("NativeModule zlib");

/** The modules of Node, internal ones aside, that a plain HTTP server does not load. */
function moreBuiltins({ builtins }: Loaded): string[] {
  return builtins
    .filter((name) => !PLAIN.builtins.includes(name))
    .flatMap((name) => /^NativeModule (?!internal\/)(.*)/.exec(name)?.[1] ?? []);
}

function partsOf({ ours }: Loaded): string[] {
  return Object.entries(PARTS).flatMap(([part, pattern]) =>
    hasCodeOf(pattern, ours) ? [part] : [],
  );
}

const CASES: readonly {
  readonly name: string;
  readonly scrapes: readonly Scrape[];
  readonly parts: readonly string[];
}[] = [
  { name: "nothing", scrapes: [], parts: [] },
  {
    name: "text",
    scrapes: [{ accept: TEXT, "accept-encoding": "identity" }],
    parts: [],
  },
  {
    name: "OpenMetrics",
    scrapes: [{ accept: OPENMETRICS, "accept-encoding": "identity" }],
    parts: ["OpenMetrics"],
  },
  {
    name: "protobuf",
    scrapes: [{ accept: PROTOBUF, "accept-encoding": "identity" }],
    parts: ["protobuf"],
  },
  {
    name: "text in gzip",
    scrapes: [{ accept: TEXT, "accept-encoding": "gzip" }],
    parts: ["compression"],
  },
  {
    name: "text, and a look at the page,",
    scrapes: [
      { accept: TEXT, "accept-encoding": "identity" },
      { path: "/", accept: "text/html", "accept-encoding": "gzip" },
    ],
    parts: ["the page"],
  },
  {
    name: "all of them",
    scrapes: [
      { accept: OPENMETRICS, "accept-encoding": "identity" },
      { accept: PROTOBUF, "accept-encoding": "gzip" },
    ],
    parts: ["OpenMetrics", "protobuf", "compression"],
  },
];

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));

test("the package has the code of each part", () => {
  const files = readdirSync(DIST).filter((file) => file.endsWith(".js"));
  const ours = files.map((file) => readFileSync(join(DIST, file), "utf8")).join("\n");
  assert.deepEqual(partsOf({ ours, builtins: [] }), Object.keys(PARTS));
});

for (const { name, scrapes, parts } of CASES) {
  test(`a scrape of ${name} loads ${parts.join(", ") || "only what it uses"}`, async () => {
    const loaded = await loadedAfter(scrapes);
    // Shows that the hook sees what is loaded.
    assert.ok(hasCodeOf(/^exposition\/text\/text/, loaded.ours));
    assert.deepEqual(partsOf(loaded), parts);
    const isZlibUsed = parts.includes("compression");
    assert.equal(moreBuiltins(loaded).includes("zlib"), isZlibUsed && !IS_ZLIB_PLAIN);
  });
}

test("a server that is told to need no thread loads no more than one that is told nothing", async () => {
  const loaded = await loadedAfter([{ accept: TEXT, "accept-encoding": "identity" }], "no thread");
  assert.deepEqual(partsOf(loaded), []);
});

test("a scrape that accepts zstd loads compression, to see whether Node has it", async () => {
  const loaded = await loadedAfter([{ accept: TEXT, "accept-encoding": "zstd" }]);
  assert.deepEqual(partsOf(loaded), ["compression"]);
  assert.equal(hasCodeOf(/^exposition\/compression\/compress\./, loaded.ours), isZstdAvailable());
});

// Everything else that the package has or will have is loaded on first use.
const MAX_LOADED_BYTES = 160_000;

test(`the entry and a scrape of text load at most ${MAX_LOADED_BYTES} bytes of code`, async (t) => {
  const { ours } = await loadedAfter([{ accept: TEXT, "accept-encoding": "identity" }]);
  const bytes = Buffer.byteLength(ours);
  t.diagnostic(`${bytes} bytes`);
  assert.ok(bytes <= MAX_LOADED_BYTES, `${bytes} bytes`);
});

test("a scrape of text loads hardly more of Node than a plain HTTP server", async () => {
  assert.equal(PLAIN.ours, "");
  const loaded = await loadedAfter([{ accept: TEXT, "accept-encoding": "identity" }]);
  // Node loads it for the global `performance`; not tls, crypto or worker_threads, which security needs.
  assert.deepEqual(moreBuiltins(loaded), ["perf_hooks"]);
  // In newer versions of Node an import loads far more than the module (src/node.ts).
  assert.doesNotMatch(loaded.ours, /^import.*"node:/m);
});

test("a handler loads no HTTP server, so that it runs where there is none", () => {
  const url = new URL("../../dist/index.js", import.meta.url);
  const script = `
    const { createHandler } = await import(${JSON.stringify(url)});
    createHandler({ gather: () => ({ families: [] }) });
    const loaded = process.moduleLoadList.join("\\n"); // before the output, which loads more
    process.stdout.write(loaded);
  `;
  const args = ["--input-type=module", "--eval", script];
  const builtins = execFileSync(process.execPath, args, { encoding: "utf8" }).split("\n");
  assert.ok(builtins.includes("NativeModule util"));
  for (const name of ["http", "http2", "net", "zlib"]) {
    assert.ok(!builtins.includes(`NativeModule ${name}`), name);
  }
});

test("with a server in a thread, the application encodes nothing and loads no HTTP server", async () => {
  const scrape = { accept: OPENMETRICS, "accept-encoding": "gzip" };
  const loaded = await loadedAfter([scrape], "thread");
  const parts = ["a thread", "what groups and threads send", "security"];
  assert.deepEqual(partsOf(loaded), [...parts, "queries, hooks and named sources"]);
  assert.ok(loaded.builtins.includes("NativeModule worker_threads"));
  for (const name of ["http", "zlib"]) {
    assert.ok(!loaded.builtins.includes(`NativeModule ${name}`), name);
  }
});
