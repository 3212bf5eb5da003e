/**
 * Uses every export as an application would, in syntax and types that TypeScript 5.4 knows with the
 * library of ES2020. It is compiled and never run.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server as NetServer } from "node:net";
import { Registry as ClientRegistry, register } from "prom-client";
import {
  type Address,
  type Aggregator,
  type AuthOptions,
  type AuthorizeRequest,
  type BodyLimit,
  type BucketSpan,
  type ClientAuth,
  type CollectorError,
  type CompressionOptions,
  ConfigError,
  type Controls,
  createHandler,
  type ErrorHandling,
  type Exemplar,
  type Exporter,
  type ExporterFlag,
  type ExporterFlags,
  type FaultReporter,
  type FlagTypes,
  type FlagValues,
  type Format,
  type GatherContext,
  GatherError,
  type Gatherer,
  type GatherResult,
  type Handler,
  type HandlerOptions,
  type HistogramFamily,
  type HistogramMetric,
  type Labels,
  ListenError,
  type LogFields,
  type Logger,
  type LookupFunction,
  type Metric,
  type MetricFamily,
  MetricsError,
  type MetricType,
  type Mount,
  type NamedSources,
  type NativeHistogram,
  type OpenHealth,
  type PemSource,
  type Probe,
  type ProbeContext,
  type ProbeResult,
  type ProbeTarget,
  type RateLimit,
  type Registry,
  type Rendered,
  type RenderOptions,
  render,
  type ScrapeHook,
  type ScrapeHookContext,
  ScrapeTimeoutError,
  Server,
  type ServerOptions,
  type Shutdown,
  type Source,
  type Sources,
  type SummaryFamily,
  type SummaryMetric,
  type TargetRule,
  type ThreadOptions,
  type TlsOptions,
  type ValueFamily,
  type ValueMetric,
  type WorkerRole,
  type WorkersOptions,
} from "promhttp";

// What is gathered.

const labels: Labels = { queue: "mail" };
const exemplar: Exemplar = { labels: { trace_id: "4bf9" }, value: 0.3, timestampMs: Date.now() };
const value: ValueMetric = { labels, value: 3, exemplar };
const span: BucketSpan = { offset: 0, length: 1 };
const native: NativeHistogram = {
  schema: 3,
  zeroThreshold: 0,
  zeroCount: 0,
  positiveSpans: [span],
  positiveCounts: [1],
  negativeSpans: [],
  negativeCounts: [],
};
const histogram: HistogramMetric = {
  labels,
  upperBounds: [0.1, 1],
  cumulativeCounts: [1, 2],
  count: 2,
  sum: 0.5,
  native,
};
const summary: SummaryMetric = {
  labels,
  quantiles: [0.5],
  quantileValues: [1],
  count: 1,
  sum: 1,
};
const metrics: readonly Metric[] = [value, histogram, summary];
const type: MetricType = "gauge";
const gauge: ValueFamily = { name: "queue_length", help: "Jobs waiting.", type, metrics: [value] };
const durations: HistogramFamily = {
  name: "job_duration_seconds",
  help: "How long jobs took.",
  type: "histogram",
  unit: "seconds",
  metrics: [histogram],
};
const sizes: SummaryFamily = {
  name: "job_size_bytes",
  help: "How large jobs were.",
  type: "summary",
  metrics: [summary],
};
const families: readonly MetricFamily[] = [gauge, durations, sizes];

const gatherer: Gatherer = {
  async gather({ signal, deadlineMs, isRequested, report }: GatherContext): Promise<GatherResult> {
    signal.throwIfAborted();
    const note: FaultReporter = report;
    if (!isRequested("queue_length", "gauge")) note("queue_length", "not requested");
    const error: CollectorError = { collector: "queue", error: new Error(`${deadlineMs}`) };
    return { families, errors: metrics.length > 0 ? [] : [error] };
  },
};
const registry: Registry = register;
export const sources: readonly Source[] = [registry, new ClientRegistry(), gatherer];

const named: NamedSources = { queue: gatherer, process: registry };
export const all: Sources = named;

const isLan: TargetRule = ({ host }: ProbeTarget) => host.endsWith(".lan");
export const probe: Probe = {
  allow: [isLan, "10.0.0.0/8"],
  modules: ["fast"],
  async probe({ target, module, params, signal, lookup }: ProbeContext): Promise<ProbeResult> {
    const resolve: LookupFunction = lookup;
    const port = target.port ?? (module === "fast" ? 443 : 80);
    resolve(target.host, {}, () => signal.throwIfAborted());
    return params["empty"] === undefined && port > 0 ? families : new ClientRegistry();
  },
};

// The options.

const fields: LogFields = { collector: "db" };
const logger: Logger = {
  error: (message, { err } = fields) => process.emitWarning(`${message} ${err}`),
  warn: () => {},
  info: () => {},
};
export const loggers: readonly Logger[] = [console, logger];
const onScrape: ScrapeHook = async ({ signal }: ScrapeHookContext) => signal.aborted;
const bodyLimit: BodyLimit = { bytes: 1_000_000, action: "warn" };
const compression: CompressionOptions = { encodings: ["gzip"], gzipLevel: 1 };
const errorHandling: ErrorHandling = "continue";
const formats: readonly Format[] = ["text-0.0.4", "openmetrics-1.0.0"];
const aggregator: Aggregator = "max";
const workers: WorkersOptions = { group: "shop", aggregators: { queue_length: aggregator } };
const authorize = ({ remoteAddress, certificate }: AuthorizeRequest): boolean =>
  remoteAddress === undefined || certificate?.subject !== undefined;
const auth: AuthOptions = { bearerTokenFile: "/run/secrets/tokens", authorize };
const rateLimit: RateLimit = { intervalMs: 1_000, burst: 10 };
const handlerOptions: HandlerOptions = {
  auth,
  rateLimit,
  headers: { "X-Frame-Options": "deny" },
  allowedNetworks: ["10.0.0.0/8"],
  logger,
  onScrape,
  bodyLimit,
  compression,
  errorHandling,
  formats,
  workers,
};
const cert: PemSource = { file: "/etc/tls/tls.crt" };
const clientAuth: ClientAuth = "require-and-verify";
const tls: TlsOptions = { cert, key: { file: "/etc/tls/tls.key" }, clientAuth, clientCa: cert };
const openHealth: OpenHealth = "without-certificate";
const thread: ThreadOptions = { maxAgeMs: 60_000, stuckAfterMs: 0 };
const serverOptions: ServerOptions = {
  ...handlerOptions,
  tls,
  openHealth,
  thread,
  path: "/metrics",
  unref: true,
};
const renderOptions: RenderOptions = { accept: "text/plain", compression: false };

// A server.

const netServer: NetServer = createServer();
export const addresses: readonly Address[] = [
  9464,
  ":9464",
  { host: "::1", port: 0 },
  { path: "/run/app.sock" },
  { fd: 3 },
  netServer,
];

export async function serve(): Promise<string> {
  const controller = new AbortController();
  const shutdowns: readonly Shutdown[] = [controller.signal, Promise.resolve()];
  await Server.run(register, ":9464", shutdowns[0], serverOptions);
  await Server.run(sources, 9464);
  await Server.run(all, 9464);

  const server: Server = await Server.listen(gatherer, ":0", serverOptions);
  const { address, url, closed } = server;
  const role: WorkerRole = server.role;
  const controls: Controls = server;
  await controls.update(async () => {});
  controls.setFailing("no database");
  controls.setOk();
  controls.setReady(true);
  await server.reload();
  await server.close();
  await closed;
  return typeof address === "string" ? address : `${role} ${url} ${address.port}`;
}

// In a web server.

type Middleware = (request: IncomingMessage, response: ServerResponse) => void;
const app = { get: (path: string, middleware: Middleware) => [path, middleware] };

export async function mount(request: Request): Promise<Response> {
  const handler: Handler = createHandler([register, gatherer], handlerOptions);
  app.get("/metrics", handler);
  app.get("/targets", handler.targets);
  app.get("/other", (incoming, response) => handler(incoming, response));
  await handler.update(() => {});
  handler.setFailing();
  handler.setOk();
  handler.setReady(false);
  const mounts: readonly Mount[] = [handler, handler.page, handler.health, handler.ready];
  await Promise.all(mounts.map((other) => other.fetch(request)));
  const { fetch } = handler;
  const response = await fetch(request);
  handler.close();
  return response;
}

// To push.

export async function push(url: string): Promise<Response> {
  const rendered: Rendered = await render(register, renderOptions);
  const { body, contentType, contentEncoding, text } = rendered;
  if (text.length === 0) throw new TypeError("There are no metrics");
  const bytes: Uint8Array = body;
  const headers: Record<string, string> = { "Content-Type": contentType };
  if (contentEncoding !== undefined) headers["Content-Encoding"] = contentEncoding;
  const { ok } = await fetch(url, { method: "PUT", body, headers });
  if (!ok) await fetch(new Request(url, { method: "POST", body: bytes.length > 0 ? body : "" }));
  return new Response(body);
}

// For the program.

const url: ExporterFlag<"string"> = { type: "string", required: true, env: "DB_URL" };
const flagType: keyof FlagTypes = "number";
export const flags = {
  "db.url": { ...url, required: true },
  "db.name": { type: "string", help: "Which database." },
  "db.timeout": { type: flagType, default: 2.5 },
  "db.tls": { type: "boolean" },
  "db.table": { type: "string", multiple: true, default: ["a", "b"] },
} satisfies ExporterFlags;

export function openExporter(values: FlagValues<typeof flags>): Exporter {
  const timeoutMs: number = values["db.timeout"] * 1_000;
  const isSecret: boolean = values["db.tls"];
  const tables: readonly string[] = values["db.table"];
  const host: string = values["db.url"];
  const name: string | undefined = values["db.name"];
  // @ts-expect-error It may have no value.
  const absent: string = values["db.name"];
  const close = () => [timeoutMs, isSecret, tables, host, name, absent];
  return { registry: named, probe, paths: { "/metrics/jobs": registry }, onScrape, close };
}

// Errors.

export function describe(error: unknown): string {
  if (error instanceof ListenError) return error.address;
  if (error instanceof ConfigError) return `${error.file}:${error.line}`;
  if (error instanceof GatherError) return error.errors.map(String).join();
  if (error instanceof ScrapeTimeoutError) return error.message;
  if (error instanceof MetricsError) return error.code;
  return describe(new MetricsError("ERR_APP", "It failed", { cause: error }));
}

// What must not compile.

// @ts-expect-error The constructor is private.
new Server();
// @ts-expect-error There is no such type of flag.
export const odd: ExporterFlags = { odd: { type: "integer" } };
// @ts-expect-error The default is not a number.
export const wrong: ExporterFlags = { wrong: { type: "number", default: "1" } };
// @ts-expect-error There is no such option.
createHandler(register, { compress: true });
// @ts-expect-error Not a source.
render({ queue: 3 });
// @ts-expect-error An option of a server only.
createHandler(register, { path: "/metrics" });
