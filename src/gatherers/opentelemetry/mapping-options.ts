/**
 * What a user may configure of the mapping, with the names that the specification gives the options of a
 * Prometheus exporter.
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/sdk_exporters/prometheus/
 */
import type { Collecting } from "./collected.ts";

/**
 * How the names of instruments and attributes become those of metrics and labels.
 *
 * | strategy | `foo.bar`, in bytes, counter |
 * |---|---|
 * | `UnderscoreEscapingWithSuffixes` | `foo_bar_bytes_total` |
 * | `UnderscoreEscapingWithoutSuffixes` | `foo_bar` |
 * | `NoUTF8EscapingWithSuffixes` | `foo.bar_bytes_total` |
 * | `NoTranslation` | `foo.bar` |
 *
 * A scraper that does not ask for UTF-8 names gets underscores with each of them.
 */
export type TranslationStrategy =
  | "UnderscoreEscapingWithSuffixes"
  | "UnderscoreEscapingWithoutSuffixes"
  | "NoUTF8EscapingWithSuffixes"
  | "NoTranslation";

/**
 * Selects attributes of the resource. A pattern matches the whole key, by case: `?` is one character, `*`
 * any number of them. Without `included` all are, and `excluded` wins. A list must not be empty.
 */
export interface AttributePatterns {
  /** What is selected; all without it. */
  readonly included?: readonly string[] | undefined;
  /** What is not, although it is included. */
  readonly excluded?: readonly string[] | undefined;
}

/** How collected metrics become metric families. */
export interface MappingOptions {
  /**
   * What the names of all metrics begin with, without the `_` that follows it. `target_info` has none.
   * @default undefined
   */
  readonly prefix?: string | undefined;
  /**
   * How names are translated.
   * @default "UnderscoreEscapingWithSuffixes"
   */
  readonly translationStrategy?: TranslationStrategy | undefined;
  /**
   * Whether a strategy with suffixes appends the unit. `false` gives the names of
   * `@opentelemetry/exporter-prometheus`, which omits units.
   * @default true
   */
  readonly unitSuffixes?: boolean | undefined;
  /**
   * Whether each series has the labels `otel_scope_name`, `otel_scope_version` and
   * `otel_scope_schema_url`.
   * @default true
   */
  readonly scopeInfoEnabled?: boolean | undefined;
  /**
   * Whether the attributes of the resource are served as `target_info`.
   * @default true
   */
  readonly targetInfoEnabled?: boolean | undefined;
  /**
   * Which attributes of the resource are labels of each series, too: patterns, a regular expression that
   * the key must match somewhere, or a function of the key.
   * @default undefined: none
   */
  readonly resourceConstantLabels?:
    | AttributePatterns
    | RegExp
    | ((key: string) => boolean)
    | undefined;
  /**
   * Exponential histograms become native histograms, which only protobuf carries. With `"both"` they are
   * classic histograms with buckets at powers of two as well.
   * @default "both"
   */
  readonly exponentialHistograms?: "both" | "native" | undefined;
  /**
   * Further sources of metrics, such as a bridge from another library. Their resource is ignored.
   * @default []
   */
  readonly metricProducers?: readonly Collecting[] | undefined;
}
