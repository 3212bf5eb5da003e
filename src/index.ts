export {
  ConfigError,
  GatherError,
  ListenError,
  MetricsError,
  ScrapeTimeoutError,
} from "./errors.ts";
export type { LogFields, Logger } from "./log.ts";
export type {
  CollectorError,
  FaultReporter,
  GatherContext,
  Gatherer,
  GatherResult,
  NamedSources,
  Registry,
  Source,
  Sources,
} from "./model/gatherer.ts";
export type {
  BucketSpan,
  Exemplar,
  HistogramFamily,
  HistogramMetric,
  Labels,
  Metric,
  MetricFamily,
  MetricType,
  NativeHistogram,
  SummaryFamily,
  SummaryMetric,
  ValueFamily,
  ValueMetric,
} from "./model/metric-family.ts";
export type {
  LookupFunction,
  Probe,
  ProbeContext,
  ProbeResult,
  ProbeTarget,
  TargetRule,
} from "./model/probe.ts";
export { createHandler, type Handler } from "./mount/create-handler.ts";
export type { Mount } from "./mount/mount.ts";
export type { Address } from "./options/address.ts";
export type {
  BodyLimit,
  CompressionOptions,
  Controls,
  ErrorHandling,
  Format,
  HandlerOptions,
  Rendered,
  RenderOptions,
  ScrapeHook,
  ScrapeHookContext,
  ServerOptions,
  ThreadOptions,
} from "./options/options.ts";
export type {
  AuthOptions,
  AuthorizeRequest,
  ClientAuth,
  OpenHealth,
  PemSource,
  RateLimit,
  TlsOptions,
} from "./options/security.ts";
export type { Aggregator, WorkerRole, WorkersOptions } from "./options/workers.ts";
export type {
  Exporter,
  ExporterFlag,
  ExporterFlags,
  FlagTypes,
  FlagValues,
} from "./programs/exporter.ts";
export { render } from "./render.ts";
export { Server } from "./server/server.ts";
export type { Shutdown } from "./server/shutdown.ts";
