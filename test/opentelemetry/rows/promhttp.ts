import { fileURLToPath } from "node:url";
import type { IMetricReader } from "@opentelemetry/sdk-metrics";
import { type Gatherer, Server } from "../../../src/index.ts";
import { gathererOf, PrometheusReader } from "../../../src/opentelemetry.ts";
import { createRecorder } from "../../helpers/scraping/recorder.ts";
import type { Sdk } from "../sdk.ts";
import { type Application, runApplication } from "./application.ts";
import { recordDiagnostics } from "./diagnostics.ts";
import { listensAt } from "./listening.ts";
import type { Served, Subject, TestOptions } from "./subject.ts";

const ENTRY = new URL("../../../dist/opentelemetry.js", import.meta.url);

/** A reader of an SDK, and what is served of it. */
interface Source {
  readonly reader: IMetricReader;
  readonly gatherer: Gatherer;
}

/** promhttp with the reader of an SDK: our own, or a subclass of the one of SDK 1. */
export function promhttpOf(sdk: Sdk): Subject {
  const make = sdk.major > 1 ? makeReader : (options: TestOptions) => makeFormer(sdk, options);
  return {
    name: "promhttp",
    sdk,
    makeReader: () => make({}).reader,
    listensAt: () => listensAt(sdk, fileURLToPath(ENTRY)),
    serve: (application, options = {}) => serve(sdk, make(options), application),
  };
}

async function serve(
  sdk: Sdk,
  { reader, gatherer }: Source,
  application: Application,
): Promise<Served> {
  const provider = runApplication(sdk, reader, application);
  const diagnostics = recordDiagnostics(sdk);
  const recorder = createRecorder();
  const server = await Server.listen(gatherer, "127.0.0.1:0", {
    logger: recorder,
    errorHandling: "continue",
    selfMetrics: false,
  });
  return {
    provider,
    url: server.url,
    get log() {
      return [...recorder.lines, ...diagnostics.lines];
    },
    async close() {
      await server.close();
      diagnostics.end();
    },
  };
}

function makeReader({ defaultBounds, ...options }: TestOptions): Source {
  const aggregation = defaultBounds && { type: 4, options: { boundaries: defaultBounds } };
  const reader = new PrometheusReader({
    ...options,
    defaultAggregation: (instrument) => (instrument === "HISTOGRAM" ? aggregation : undefined),
  });
  return { reader, gatherer: reader };
}

/** Of SDK 1, whose readers must be of its own class, and choose aggregations themselves. */
function makeFormer({ metrics }: Sdk, { defaultBounds, ...options }: TestOptions): Source {
  const { Aggregation, ExplicitBucketHistogramAggregation } =
    metrics as unknown as FormerAggregations;
  const aggregation = defaultBounds
    ? new ExplicitBucketHistogramAggregation(defaultBounds)
    : Aggregation.Default();
  class Reader extends metrics.MetricReader {
    async onShutdown() {}
    async onForceFlush() {}
  }
  const reader = new Reader({ aggregationSelector: () => aggregation });
  return { reader, gatherer: gathererOf(reader, options) };
}

interface FormerAggregations {
  readonly Aggregation: { Default(): never };
  readonly ExplicitBucketHistogramAggregation: new (boundaries: readonly number[]) => never;
}
