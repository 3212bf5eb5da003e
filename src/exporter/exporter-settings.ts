import type { PrometheusReaderOptions } from "../gatherers/opentelemetry/reader.ts";
import { isMetricsPath } from "../http/routes.ts";
import type { Logger } from "../log.ts";
import { show, wrongType } from "../options/checks.ts";
import { checkServerSecurity, readThread } from "../options/late-rules.ts";
import type { Format, HandlerOptions, ServerOptions } from "../options/options.ts";
import { resolveHandlerOptions, resolveOptions } from "../options/rules.ts";
import { diagLogger } from "./diag-logger.ts";
import type { Variables } from "./environment.ts";
import type { ExporterConfig } from "./exporter-config.ts";
import type { Wanted } from "./place.ts";

/** The options of an exporter, for each of its parts. */
export interface ExporterSettings {
  readonly reader: PrometheusReaderOptions;
  readonly server: ServerOptions;
  readonly handler: HandlerOptions;
  readonly place: Wanted;
  readonly logger: Logger | false;
  readonly startsServer: boolean;
  /** What the log has to say of the options. */
  readonly notes: readonly string[];
}

/** The options of the reader; the compiler demands each. */
const READER_OPTIONS: Record<keyof PrometheusReaderOptions, true> = {
  prefix: true,
  translationStrategy: true,
  unitSuffixes: true,
  scopeInfoEnabled: true,
  targetInfoEnabled: true,
  resourceConstantLabels: true,
  exponentialHistograms: true,
  metricProducers: true,
  defaultAggregation: true,
  cardinalityLimit: true,
};

/** The options that only the exporter has; the compiler demands each. */
const OWN_OPTIONS: Record<
  Exclude<keyof ExporterConfig, keyof PrometheusReaderOptions | keyof ServerOptions>,
  true
> = {
  host: true,
  port: true,
  endpoint: true,
  appendTimestamp: true,
  preventServerStart: true,
  withResourceConstantLabels: true,
  withoutScopeInfo: true,
  withoutTargetInfo: true,
};

/**
 * The formats that replace the exporter's. OpenMetrics is not one of them, because it prints the `le` of a
 * bucket as `1.0` where the exporter prints `1`, and Prometheus 2 takes that for another series. Nothing that
 * the SDK collects needs it.
 */
const FORMATS: readonly Format[] = ["text-0.0.4", "text-1.0.0", "protobuf"];

/** What differs from our own defaults, so that an application does not notice that the exporter is replaced. */
export const HANDLER_DEFAULTS: HandlerOptions = {
  // A callback that throws costs only what it observes.
  errorHandling: "continue",
  formats: FORMATS,
};

/** The same for a server. */
export const SERVER_DEFAULTS: ServerOptions = {
  ...HANDLER_DEFAULTS,
  landingPage: false,
  unref: true,
};

const DEFAULT_LOGGER = diagLogger(console);
const HANDLER_OPTIONS = resolveHandlerOptions();
const { path: _endpoint, ...SERVER_OPTIONS } = resolveOptions();

/**
 * Reads the options of an exporter. Those of `@opentelemetry/exporter-prometheus` mean what they mean
 * there: what is false, such as `null` or an empty text, is the default, except for port 0.
 *
 * @throws {TypeError} For an option of a wrong type.
 * @throws {RangeError} For an option that is out of range, except for a port, which is an error of
 *   listening.
 */
export function settingsOf(config: ExporterConfig, variables: Variables): ExporterSettings {
  if (typeof config !== "object" || config === null) {
    throw new TypeError(`Options must be an object, got ${show(config)}`);
  }
  const logger = config.logger ?? DEFAULT_LOGGER;
  const server: ServerOptions = {
    ...SERVER_DEFAULTS,
    ...pick(config, SERVER_OPTIONS),
    logger,
    path: pathOf(textOf("endpoint", config.endpoint) ?? "/metrics"),
  };
  // Now, and not only when the server starts.
  const resolved = resolveOptions(server);
  checkServerSecurity(resolved);
  readThread(resolved.thread);
  return {
    reader: readerOptionsOf(config),
    server,
    handler: pick(server, HANDLER_OPTIONS),
    place: { host: textOf("host", config.host), port: portOf(config.port), variables },
    logger,
    startsServer: config.preventServerStart !== true,
    notes: notesOf(config),
  };
}

function readerOptionsOf(config: ExporterConfig): PrometheusReaderOptions {
  const { translationStrategy, withResourceConstantLabels: labels } = config;
  const { withoutScopeInfo, withoutTargetInfo } = config;
  const given = pick(config, READER_OPTIONS);
  return {
    ...given,
    prefix: config.prefix || undefined,
    unitSuffixes: config.unitSuffixes ?? (translationStrategy === undefined ? false : undefined),
    scopeInfoEnabled: config.scopeInfoEnabled ?? !withoutScopeInfo,
    targetInfoEnabled: config.targetInfoEnabled ?? !withoutTargetInfo,
    // The exporter takes a text, too.
    resourceConstantLabels:
      config.resourceConstantLabels ?? (labels ? new RegExp(labels) : undefined),
    metricProducers: config.metricProducers ?? undefined,
  };
}

function notesOf(config: ExporterConfig): string[] {
  const known = { ...READER_OPTIONS, ...OWN_OPTIONS, ...SERVER_OPTIONS };
  const unknown = Object.keys(config).filter((name) => !Object.hasOwn(known, name));
  const notes = unknown.map((name) => `Unknown option "${name}" is ignored`);
  if (config.appendTimestamp === true) {
    notes.push('Option "appendTimestamp" has no effect: samples are served without timestamps');
  }
  return notes;
}

/** A text; one that is empty means the default. */
function textOf(name: string, value: unknown): string | undefined {
  if (!value) return undefined;
  if (typeof value === "string") return value;
  throw wrongType(name, "a string", value);
}

/** A number, or one as text: `listen()` of Node takes both. `Number(undefined)` means the default. */
function portOf(port: unknown): number | undefined {
  if (port === undefined || port === null || port === "" || Number.isNaN(port)) return undefined;
  const number = typeof port === "string" ? Number(port) : port;
  if (typeof number === "number" && !Number.isNaN(number)) return number;
  throw wrongType("port", "a number", port);
}

function pathOf(endpoint: string): string {
  const path = endpoint.startsWith("/") ? endpoint : `/${endpoint}`;
  if (isMetricsPath(path)) return path;
  throw new RangeError(
    `Option "endpoint" must be the path of a URL that the server does not use itself, got "${endpoint}"`,
  );
}

/** The entries of `options` that `names` has, too, and that are defined. */
function pick<Options extends object>(options: object, names: object): Options {
  const entries = Object.entries(options).filter(
    ([name, value]) => value !== undefined && Object.hasOwn(names, name),
  );
  // Cast: what a name means is the same in both.
  return Object.fromEntries(entries) as Options;
}
