import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { isZstdAvailable } from "../../src/compression/zstd.ts";
import { httpGet } from "../helpers/http-get.ts";

const FIXTURE = fileURLToPath(new URL("../fixtures/log-loads.mjs", import.meta.url));

const TEXT = "text/plain;version=0.0.4";
const OPENMETRICS = "application/openmetrics-text;version=1.0.0";
const PROTOBUF =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

interface Scrape {
  readonly accept: string;
  readonly "accept-encoding": string;
}

/** What a process has loaded. */
interface Loaded {
  /** The files of this package, relative to `dist/`. */
  readonly ours: readonly string[];
  /** The modules of Node, its internal ones included. */
  readonly builtins: readonly string[];
}

/** Starts a process that serves metrics from the built package, scrapes it and asks what it loaded. */
async function loadedAfter(
  scrapes: readonly Scrape[],
  kind: "promhttp" | "plain" = "promhttp",
): Promise<Loaded> {
  const folder = mkdtempSync(join(tmpdir(), "promhttp-"));
  const file = join(folder, "loads");
  writeFileSync(file, "");
  // The flags of this process, such as `--import tsx`, are not for the child.
  const child = fork(FIXTURE, [kind, file], { execArgv: [] });
  try {
    const [{ port }] = await once(child, "message");
    for (const scrape of scrapes) {
      const headers = { ...scrape };
      const { status } = await httpGet(`http://127.0.0.1:${port}/metrics`, headers);
      assert.equal(status, 200);
    }
    child.send("loaded?");
    const [{ builtins }] = await once(child, "message");
    const urls = readFileSync(file, "utf8").split("\n");
    const ours = urls.flatMap((url) => url.split("/dist/")[1] ?? []);
    return { ours, builtins };
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
}

/** The parts of the package that are loaded when they are used, and by which files one knows them. */
const PARTS: Readonly<Record<string, RegExp>> = {
  OpenMetrics: /^encoders\/(openmetrics|canonical-number|exemplar)/,
  protobuf: /^encoders\/(protobuf|native-histogram)/,
  compression: /^compression\//,
};

function partsOf({ ours, builtins }: Loaded): string[] {
  const parts = Object.entries(PARTS).flatMap(([part, pattern]) =>
    ours.some((path) => pattern.test(path)) ? [part] : [],
  );
  return [...parts, ...(builtins.includes("NativeModule zlib") ? ["node:zlib"] : [])];
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
    parts: ["compression", "node:zlib"],
  },
  {
    name: "all of them",
    scrapes: [
      { accept: OPENMETRICS, "accept-encoding": "identity" },
      { accept: PROTOBUF, "accept-encoding": "gzip" },
    ],
    parts: ["OpenMetrics", "protobuf", "compression", "node:zlib"],
  },
];

for (const { name, scrapes, parts } of CASES) {
  test(`a scrape of ${name} loads ${parts.join(", ") || "nothing that it does not use"}`, async () => {
    const loaded = await loadedAfter(scrapes);
    // Proof that the hook sees what is loaded.
    assert.ok(loaded.ours.includes("encoders/text.js"));
    assert.deepEqual(partsOf(loaded), parts);
  });
}

test("a scraper that wants zstd makes Node load its compression, to see whether it has it", async () => {
  const loaded = await loadedAfter([{ accept: TEXT, "accept-encoding": "zstd" }]);
  assert.deepEqual(partsOf(loaded), ["compression", "node:zlib"]);
  assert.equal(loaded.ours.includes("compression/compress.js"), isZstdAvailable());
});

/** What a server of text may load beyond a plain HTTP server: it removes stale sockets, and measures time. */
const NODE_MODULES: ReadonlySet<string> = new Set(["fs/promises", "perf_hooks"]);

test("a scrape of text loads next to nothing that a plain HTTP server does not load", async () => {
  const scrapes = [{ accept: TEXT, "accept-encoding": "identity" }];
  const plain = await loadedAfter(scrapes, "plain");
  assert.deepEqual(plain.ours, []);
  const { builtins } = await loadedAfter(scrapes);
  const more = builtins.flatMap((name) => /^NativeModule (?!internal\/)(.*)/.exec(name)?.[1] ?? []);
  const unexpected = more.filter(
    (name) => !NODE_MODULES.has(name) && !plain.builtins.includes(`NativeModule ${name}`),
  );
  assert.deepEqual(unexpected, []);
});
