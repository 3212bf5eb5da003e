import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "../../src/index.ts";
import { NATIVE_TRACE_ID, UNLAWFUL } from "./distributions.ts";
import { createEverything, DATED_MS, TRACE_IDS } from "./everything.ts";
import {
  differences,
  expectedSeries,
  expectedSeriesOf,
  OPENMETRICS_STYLE,
  PROTOBUF_STYLE,
  scrapedSeries,
  TEXT_STYLE,
} from "./expected-series.ts";
import { failedScrapes, type Job, type Scraper, startPrometheus } from "./programs.ts";
import { recordRequests } from "./recorded-requests.ts";

const everything = createEverything();
const server = await Server.listen(everything.sources, "127.0.0.1:0");
const textServer = await Server.listen(everything.sources, "127.0.0.1:0", {
  formats: ["text-0.0.4"],
});
const unlawfulServer = await Server.listen(
  { gather: () => ({ families: UNLAWFUL }) },
  "127.0.0.1:0",
);
/** A collector that takes most of a timeout of one second. */
const slowServer = await Server.listen(
  {
    async gather() {
      await sleep(650);
      return { families: [{ name: "e2e_slow", help: "", type: "gauge", metrics: [] }] };
    },
  },
  "127.0.0.1:0",
);
const requests = recordRequests();

after(async () => {
  requests[Symbol.dispose]();
  await server.close();
  await textServer.close();
  await unlawfulServer.close();
  await slowServer.close();
});

const job: Job = { name: "everything", url: server.url, interval: "2s", timeout: "2s" };
const textJob: Job = { ...job, name: "text", url: textServer.url };
const unlawfulJob: Job = { ...job, name: "unlawful", url: unlawfulServer.url };
const slowJob: Job = { name: "slow", url: slowServer.url, interval: "1s", timeout: "1s" };

test("Prometheus reads everything as OpenMetrics and as text, lawful or not", async () => {
  await using prometheus = await startPrometheus([job, textJob, unlawfulJob, slowJob]);
  assert.equal(await failedScrapes(prometheus, "slow", 2), 0);
  assert.equal(await failedScrapes(prometheus, "everything", 2), 0);
  assert.equal(await failedScrapes(prometheus, "text", 2), 0);
  assert.equal(await failedScrapes(prometheus, "unlawful", 2), 0);
  await assertReceived(
    job,
    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
  );
  await assertReceived(textJob, "text/plain; version=0.0.4; charset=utf-8");
  const series = await scrapedSeries(prometheus, "everything");
  assert.deepEqual(differences(series, await expectedSeries(everything, OPENMETRICS_STYLE)), []);
  const textSeries = await scrapedSeries(prometheus, "text");
  assert.deepEqual(differences(textSeries, await expectedSeries(everything, TEXT_STYLE)), []);
  const unlawful = await scrapedSeries(prometheus, "unlawful");
  assert.deepEqual(differences(unlawful, expectedSeriesOf(UNLAWFUL, OPENMETRICS_STYLE)), []);
  await assertDated(prometheus);
});

test("Prometheus stores the exemplars of OpenMetrics", async () => {
  await using prometheus = await startPrometheus([job], "--enable-feature=exemplar-storage");
  assert.equal(await failedScrapes(prometheus, "everything", 2), 0);
  await assertReceived(
    job,
    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
  );
  assert.deepEqual(await traceIds(prometheus), {
    ...TRACE_IDS,
    e2e_dated_jobs_total: "dated",
    e2e_native_bucket: NATIVE_TRACE_ID,
  });
});

test("Prometheus reads everything as protobuf, with native histograms and exemplars", async () => {
  await using prometheus = await startPrometheus(
    [job, unlawfulJob],
    "--enable-feature=native-histograms,exemplar-storage",
  );
  assert.equal(await failedScrapes(prometheus, "everything", 2), 0);
  assert.equal(await failedScrapes(prometheus, "unlawful", 2), 0);
  await assertReceived(
    job,
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
  );
  const series = await scrapedSeries(prometheus, "everything");
  assert.deepEqual(differences(series, await expectedSeries(everything, PROTOBUF_STYLE)), []);
  const unlawful = await scrapedSeries(prometheus, "unlawful");
  const faults = differences(unlawful, expectedSeriesOf(UNLAWFUL, PROTOBUF_STYLE));
  // Prometheus 2.42 does not yet look for the fractions of classic histograms in protobuf.
  assert.deepEqual(
    faults.filter((fault) => !fault.startsWith('["e2e_fractions')),
    [],
  );
  await assertDated(prometheus);
  await assertNativeHistograms(prometheus);
  assert.deepEqual(await traceIds(prometheus), {
    ...TRACE_IDS,
    e2e_dated_jobs_total: "dated",
    e2e_native: NATIVE_TRACE_ID,
    e2e_untotalled: "untotalled",
  });
});

/** Asks for what the scraper asked for, and looks at the type of the answer. */
async function assertReceived({ url }: Job, contentType: string): Promise<void> {
  const response = await requests.repeat(url);
  assert.equal(response.headers.get("content-type"), contentType);
  assert.equal(response.headers.get("content-encoding"), "gzip");
  await response.body?.cancel();
}

async function assertDated(prometheus: Scraper): Promise<void> {
  for (const name of ["e2e_dated", "e2e_dated_jobs_total"]) {
    for (const { value } of await prometheus.query(`timestamp(${name})`)) {
      assert.equal(Number(value), DATED_MS / 1_000, name);
    }
  }
}

async function assertNativeHistograms(prometheus: Scraper): Promise<void> {
  const histogramsOf = async (selector: string) => {
    const [sample] = await prometheus.query(selector);
    return sample?.histogram;
  };
  const smallest = `${2 ** -128}`;
  assert.deepEqual(await histogramsOf('e2e_native{kind="whole 😀"}'), {
    count: "11",
    sum: "17.5",
    buckets: [
      [1, "-0.25", "-0.125", "1"],
      [3, `-${smallest}`, smallest, "1"],
      [0, "0.5", "1", "2"],
      [0, "1", "2", "3"],
      [0, "2", "4", "4"],
    ],
  });
  assert.deepEqual(await histogramsOf("e2e_native_gauge"), {
    count: "4",
    sum: "100",
    buckets: [
      [3, "-0.5", "0.5", "0.5"],
      [0, "1", "4", "2.5"],
      [0, "16", "64", "1"],
    ],
  });
  const values: Readonly<Record<string, number>> = {
    'histogram_count(e2e_native{kind="whole 😀"})': 11,
    'histogram_sum(e2e_native{kind="whole 😀"})': 17.5,
    'histogram_count(e2e_native{kind="empty"})': 0,
    "histogram_sum(e2e_native_gauge)": 100,
  };
  for (const [promql, expected] of Object.entries(values)) {
    const [sample] = await prometheus.query(promql);
    assert.equal(Number(sample?.value), expected, promql);
  }
  // Its rank lies in the middle of the bucket from 1 to 2.
  const [median] = await prometheus.query('histogram_quantile(0.5, e2e_native{kind="whole 😀"})');
  assert.ok(Number(median?.value) > 1 && Number(median?.value) < 2, median?.value);
}

interface ExemplarAnswer {
  readonly data: readonly {
    readonly seriesLabels: Readonly<Record<string, string>>;
    readonly exemplars: readonly { readonly labels: Readonly<Record<string, string>> }[];
  }[];
}

/** The trace id of each series that has an exemplar. */
async function traceIds(prometheus: Scraper): Promise<Record<string, string | undefined>> {
  const now = Date.now() / 1_000;
  const query = encodeURIComponent('{__name__=~"e2e_.*"}');
  const answer = await prometheus.get(
    `/api/v1/query_exemplars?query=${query}&start=${now - 600}&end=${now + 60}`,
  );
  const { data } = answer as ExemplarAnswer;
  return Object.fromEntries(
    data.map(({ seriesLabels, exemplars }) => [
      seriesLabels["__name__"],
      exemplars.at(-1)?.labels["trace_id"],
    ]),
  );
}
