import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Server } from "../../src/index.ts";
import { createEverything, DATED_MS, TRACE_IDS } from "./everything.ts";
import {
  differences,
  expectedSeries,
  OPENMETRICS_STYLE,
  type SeriesMap,
  seriesKey,
  TEXT_STYLE,
  valueText,
} from "./expected-series.ts";

const everything = createEverything();
const server = await Server.listen(everything.sources, "127.0.0.1:0", { selfMetrics: false });

after(() => server.close());

const OPENMETRICS = "application/openmetrics-text;version=1.0.0";

test("promtool reads the text format, and only complains about style", async () => {
  const { status, output } = run("promtool", ["check", "metrics"], await scrape("text/plain"));
  // 3: it would have given other names to some metrics. 1: it cannot read them.
  assert.equal(status, 3, output);
});

test("promtool has no complaint about well-named metrics", async () => {
  const metrics = [{ labels: { queue: "mail" }, value: 3 }];
  const gatherer = {
    gather: () => ({
      families: [{ name: "jobs_total", help: "Jobs done.", type: "counter", metrics } as const],
    }),
  };
  await using wellNamed = await Server.listen(gatherer, "127.0.0.1:0");
  const body = await scrape("text/plain", "identity", wellNamed.url);
  const { status, output } = run("promtool", ["check", "metrics"], body);
  assert.equal(status, 0, output);
});

test("the text parser of the Python client reads everything", async () => {
  const families = parseWithPython("text", await scrape("text/plain"));
  const series = seriesOf(families);
  // It adds to the name of a counter what OpenMetrics wants there.
  const expected = new Map(await expectedSeries(everything, TEXT_STYLE));
  move(expected, seriesKey("e2e_untotalled", {}), seriesKey("e2e_untotalled_total", {}));
  assert.deepEqual(differences(series, expected), []);
});

for (const encoding of ["identity", "gzip"]) {
  test(`the OpenMetrics parser of the Python client reads everything as ${encoding}`, async () => {
    const families = parseWithPython("openmetrics", await scrape(OPENMETRICS, encoding));
    const expected = await expectedSeries(everything, OPENMETRICS_STYLE);
    assert.deepEqual(differences(seriesOf(families), expected), []);
  });
}

test("the OpenMetrics parser of the Python client reads what stands beside the values", async () => {
  const families = parseWithPython("openmetrics", await scrape(OPENMETRICS));
  assert.deepEqual(
    typesOf(families),
    new Map([
      ["e2e_odd", "counter"],
      ["e2e_number", "gauge"],
      ["e2e_size_bytes", "histogram"],
      ["e2e_wait_seconds", "summary"],
      ["e2e_many", "gauge"],
      ["e2e_traced", "counter"],
      ["e2e_untotalled", "unknown"],
      ["e2e_traced_seconds", "histogram"],
      ["h_he__ber_meer__", "gauge"],
      ["e2e_helpless", "gauge"],
      ["e2e_empty", "gauge"],
      ["e2e_distance_meters", "gauge"],
      ["e2e_mystery", "unknown"],
      ["e2e_mystery_total", "unknown"],
      ["e2e_build", "info"],
      ["e2e_state", "stateset"],
      ["e2e_dated", "gauge"],
      ["e2e_dated_jobs", "counter"],
      ["e2e_native", "histogram"],
      ["e2e_native_gauge", "gaugehistogram"],
      ["e2e_age_seconds", "gaugehistogram"],
      ["e2e_idle_seconds", "summary"],
    ]),
  );
  const samples = families.flatMap((family) => family.samples);
  const dated = samples.filter(({ timestamp }) => timestamp !== null);
  assert.deepEqual(
    dated.map(({ name, timestamp }) => [name, timestamp]),
    [
      ["e2e_dated", DATED_MS / 1_000],
      ["e2e_dated_jobs_total", DATED_MS / 1_000],
    ],
  );
  for (const [name, trace] of Object.entries(TRACE_IDS)) {
    const traced = samples.find((sample) => sample.name === name && sample.exemplar !== null);
    assert.deepEqual(traced?.exemplar, { trace_id: trace });
  }
  const find = (name: string) => families.find((family) => family.name === name);
  assert.equal(find("e2e_odd")?.help, 'Odd "values",\nwith a \\ and a 😀.');
  assert.equal(find("e2e_number")?.help, " ");
  assert.equal(find("e2e_helpless")?.help, "");
  assert.equal(find("e2e_distance_meters")?.unit, "meters");
});

/** The body of a scrape as it goes over the wire; `fetch()` would decompress it. */
async function scrape(accept: string, encoding = "identity", url = server.url): Promise<Buffer> {
  const request = get(url, { headers: { Accept: accept, "Accept-Encoding": encoding } });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  assert.equal(response.statusCode, 200);
  assert.equal(response.headers["content-encoding"] ?? "identity", encoding);
  return buffer(response);
}

interface PythonFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
  readonly samples: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: string;
    readonly timestamp: number | null;
    readonly exemplar: Readonly<Record<string, string>> | null;
  }[];
}

// Debian's own Python, because only that one has Debian's packages.
const PYTHON = "/usr/bin/python3";
const SCRIPT = fileURLToPath(new URL("parse.py", import.meta.url));

function parseWithPython(format: "text" | "openmetrics", body: Buffer): readonly PythonFamily[] {
  const { status, stdout, output } = run(PYTHON, [SCRIPT, format], body);
  assert.equal(status, 0, output);
  // What `parse.py` prints.
  return JSON.parse(stdout) as PythonFamily[];
}

/** Runs a judge on an exposition; one that is not installed fails the test. */
function run(program: string, args: readonly string[], input: Buffer) {
  const options = { input, encoding: "utf8", maxBuffer: 2 ** 26 } as const;
  const { error, status, stdout, stderr } = spawnSync(program, args, options);
  if (error !== undefined) throw error;
  return { status, stdout, output: stderr.slice(-2_000) };
}

function seriesOf(families: readonly PythonFamily[]): SeriesMap {
  return new Map(
    families.flatMap(({ samples }) =>
      samples.map(
        ({ name, labels, value }) => [seriesKey(name, labels), valueText(value)] as const,
      ),
    ),
  );
}

function typesOf(families: readonly PythonFamily[]): ReadonlyMap<string, string> {
  return new Map(families.map(({ name, type }) => [name, type]));
}

function move(series: Map<string, string>, from: string, to: string): void {
  series.set(to, series.get(from) ?? "");
  series.delete(from);
}
