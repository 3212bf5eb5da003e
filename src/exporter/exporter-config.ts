/**
 * What a user may configure of `PrometheusExporter`: the options of
 * `@opentelemetry/exporter-prometheus`, by their names, and those of the mapping and of our server.
 */
import type { PrometheusReaderOptions } from "../gatherers/opentelemetry/reader.ts";
import type { ServerOptions } from "../options/options.ts";

/** The options that `@opentelemetry/exporter-prometheus` has, except those that the mapping has, too. */
interface ExporterOwnOptions {
  /**
   * Where to listen: a name or an IP address. An empty text is the default.
   * @default `OTEL_EXPORTER_PROMETHEUS_HOST`; without it every interface where the application resolves
   *   `@opentelemetry/sdk-metrics` before 3, and `"localhost"` otherwise
   */
  readonly host?: string | undefined;
  /**
   * The port, from 0, which lets the system choose, to 65,535.
   * @default `OTEL_EXPORTER_PROMETHEUS_PORT`, or 9464
   */
  readonly port?: number | undefined;
  /**
   * The path of the metrics. A missing `/` is added.
   * @default "/metrics"
   */
  readonly endpoint?: string | undefined;
  /**
   * Has no effect: a sample has no timestamp, as the specification recommends.
   * @default false
   */
  readonly appendTimestamp?: boolean | undefined;
  /**
   * Whether to listen only when `startServer()` is called.
   * @default false
   */
  readonly preventServerStart?: boolean | undefined;
  /**
   * The same as `resourceConstantLabels`, which wins.
   * @default undefined
   */
  readonly withResourceConstantLabels?: RegExp | undefined;
  /**
   * The opposite of `scopeInfoEnabled`, which wins.
   * @default false
   */
  readonly withoutScopeInfo?: boolean | undefined;
  /**
   * The opposite of `targetInfoEnabled`, which wins.
   * @default false
   */
  readonly withoutTargetInfo?: boolean | undefined;
}

/**
 * The options of a `PrometheusExporter`. An option that does not exist is ignored, and logged. These
 * options have other defaults here than elsewhere, because an application that moves from
 * `@opentelemetry/exporter-prometheus` must not notice it:
 *
 * | option | default |
 * |---|---|
 * | `unitSuffixes` | `false`, unless there is a `translationStrategy` |
 * | `errorHandling` | `"continue"` |
 * | `formats` | all but OpenMetrics, whose `le` is `1.0` where the exporter's is `1` |
 * | `landingPage` | `false` |
 * | `unref` | `true` |
 * | `logger` | the logger of OpenTelemetry's `diag`, or `console` as long as it has none |
 */
export interface ExporterConfig
  extends ExporterOwnOptions,
    PrometheusReaderOptions,
    Omit<ServerOptions, "path"> {}
