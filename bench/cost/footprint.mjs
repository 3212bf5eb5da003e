// What is paid before the first scrape.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { packedFiles } from "../../tools/packed-files.mjs";
import { installed } from "./installed.mjs";
import { median, rotate } from "./stats.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const DIST = new URL("../../dist/", import.meta.url);
const ENTRY = new URL("index.js", DIST).href;

/** What is idle, each with what it is compared with. */
const IDLE = {
  "node:http": undefined,
  "prom-client": undefined,
  "prom-client, node:http": "prom-client",
  "promhttp on prom-client": "prom-client",
  "thread, prom-client": "prom-client",
  "@prometheus-io/client": undefined,
  "@prometheus-io/client, node:http": "@prometheus-io/client",
  "promhttp on @prometheus-io": "@prometheus-io/client",
  "thread, @prometheus-io": "@prometheus-io/client",
  "OpenTelemetry exporter": undefined,
  "@promster/server": undefined,
};

const EMPTY = "./empty.mjs";

/** What is loaded, each with what is loaded before it. */
const LOADS = {
  "an empty module": [EMPTY],
  "promhttp after prom-client": [ENTRY, "prom-client"],
  "promhttp after @prometheus-io/client": [ENTRY, "@prometheus-io/client"],
  promhttp: [ENTRY],
  "prom-client": ["prom-client"],
  "@prometheus-io/client": ["@prometheus-io/client"],
  "OpenTelemetry exporter": ["@opentelemetry/exporter-prometheus", "@opentelemetry/sdk-metrics"],
  "@promster/server": ["@promster/server"],
};

/** The packages that one installs for each. */
const INSTALLS = {
  "prom-client": ["prom-client"],
  "@prometheus-io/client": ["@prometheus-io/client"],
  "OpenTelemetry exporter": ["@opentelemetry/exporter-prometheus", "@opentelemetry/sdk-metrics"],
  "@promster/server": ["@promster/server", "prom-client"],
};

/** Memory in megabytes, load times in milliseconds, sizes in kilobytes; medians. */
export function measureFootprint({ rounds }) {
  // The threads of V8 take memory of their own, 0.8 MB or not, by chance and whatever is loaded.
  const flags = ["--expose-gc", "--single-threaded"];
  const idle = inTurns(Object.keys(IDLE), rounds, (name) =>
    JSON.parse(run([...flags, here("idle.mjs"), name])),
  );
  const memory = new Map();
  for (const [name, figures] of idle) {
    const fresh = median(figures.map((figure) => figure.fresh));
    const lived = median(figures.map((figure) => figure.lived));
    const base = memory.get(IDLE[name]);
    memory.set(name, {
      fresh,
      lived,
      freshAbove: fresh - (base?.fresh ?? Number.NaN),
      livedAbove: lived - (base?.lived ?? Number.NaN),
    });
  }
  const loads = inTurns(Object.keys(LOADS), 2 * rounds, (name) =>
    Number(run([here("load.mjs"), ...LOADS[name]])),
  );
  const load = new Map([...loads].map(([name, times]) => [name, median(times)]));
  const empty = load.get("an empty module");
  for (const [name, time] of load) load.set(name, time - empty);

  const files = packedFiles();
  const installs = Object.entries(INSTALLS).map(([name, packages]) => [name, installed(packages)]);
  const ours = { packages: 1, kb: files.reduce((sum, { size }) => sum + size, 0) / 1_000 };
  return { memory, load, installs: new Map([["promhttp", ours], ...installs]), entry: entrySize() };
}

function inTurns(names, rounds, measure) {
  const figures = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of rotate(names, round)) figures.get(name).push(measure(name));
  }
  return figures;
}

function run(args) {
  return execFileSync(process.execPath, args, { encoding: "utf8" });
}

/** The files that the entry loads, those that it imports included, and their size. */
function entrySize() {
  const found = new Map();
  const read = (name) => {
    if (found.has(name)) return;
    const code = readFileSync(new URL(name, DIST), "utf8");
    found.set(name, code.length / 1_000);
    for (const [, imported] of code.matchAll(/^import .*"\.\/(.*)";$/gm)) read(imported);
  };
  read("index.js");
  return { files: found.size, kb: [...found.values()].reduce((sum, kb) => sum + kb, 0) };
}
