/** One case in which the mapping differs on purpose from what another implementation does. */
export interface Difference {
  /** The case, as a test calls it. */
  readonly of: string;
  /** What comes of it here. */
  readonly ours: string;
  readonly reason: string;
}

const COLLAPSED = "the specification: runs of underscores become one, at either end, too";
const KEPT_LABEL =
  "`_` is a legal label name; without it the value, or even the metric, would be lost";
const NOT_RESERVED = "the specification reserves no words: a unit that is called `total` is a unit";
const METERS = "in UCUM, and in the specification, `m` is the meter; the minute is `min`";
const RATIO = "series equal those that come by OTLP through Prometheus or the Collector";
const NO_INTEGER = "JSON of JavaScript has no such integers; as strings they keep their digits";

const RESOURCE = "the resource is the same whether or not a metric is left out";

/** All differences on purpose. A test fails when one is missing here, and when one is no more. */
export const DIFFERENCES: readonly Difference[] = [
  {
    of: "otlptranslator names [___, , gauge] by UnderscoreEscapingWithoutSuffixes",
    ours: "_",
    reason: COLLAPSED,
  },
  {
    of: "otlptranslator names [capacity, TiBy, gauge] by UnderscoreEscapingWithSuffixes",
    ours: "capacity_tebibytes",
    reason: "the specification: `TiBy` is `tebibytes`",
  },
  {
    of: "otlptranslator gives the unit TiBy",
    ours: "tebibytes",
    reason: "the specification: `TiBy` is `tebibytes`",
  },
  {
    of: "otlptranslator names [requests, 1/m, gauge] by UnderscoreEscapingWithSuffixes",
    ours: "requests_per_meter",
    reason: METERS,
  },
  { of: "otlptranslator gives the unit 1/m", ours: "per_meter", reason: METERS },
  { of: "otlptranslator labels ようこそ", ours: "_", reason: KEPT_LABEL },
  { of: "otlptranslator labels __", ours: "_", reason: KEPT_LABEL },
  {
    of: "otlptranslator labels __reserved__label__name__",
    ours: "_reserved_label_name_",
    reason: "Prometheus keeps names that begin with `__` for itself, and drops such labels",
  },
  {
    of: "opentelemetry-java gives the unit KBy",
    ours: "kilobytes",
    reason: "not UCUM, but common, and Prometheus' own translation has it",
  },
  ...["total", "created", "bucket", "info"].map((unit) => ({
    of: `opentelemetry-java gives the unit ${unit}`,
    ours: unit,
    reason: NOT_RESERVED,
  })),
  {
    of: "opentelemetry-java gives the unit widgets_total",
    ours: "widgets_total",
    reason: NOT_RESERVED,
  },
  {
    of: "opentelemetry-java gives the unit widgets_total_info",
    ours: "widgets_total_info",
    reason: NOT_RESERVED,
  },
  {
    of: "opentelemetry-java gives the unit widgets_total_",
    ours: "widgets_total",
    reason: NOT_RESERVED,
  },
  {
    of: "opentelemetry-java names [sample, 1, gauge] by UnderscoreEscapingWithSuffixes",
    ours: "sample_ratio",
    reason: RATIO,
  },
  {
    of: "opentelemetry-java names [metric_name_total, total, other] by UnderscoreEscapingWithSuffixes",
    ours: "metric_name_total",
    reason: NOT_RESERVED,
  },
  {
    of: "opentelemetry-java names [metric_name_total, total, counter] by UnderscoreEscapingWithSuffixes",
    ours: "metric_name_total_total",
    reason: NOT_RESERVED,
  },
  {
    of: "opentelemetry-java names [metric_total_hertz, hertz_total, counter] by UnderscoreEscapingWithSuffixes",
    ours: "metric_total_hertz_hertz_total_total",
    reason: NOT_RESERVED,
  },
  {
    of: "opentelemetry-java names [2_metric_name, By, other] by UnderscoreEscapingWithSuffixes",
    ours: "_2_metric_name_bytes",
    reason: "a digit that is replaced could make two names one",
  },
  {
    of: "opentelemetry-go serves counter_disabled_suffix",
    ours: `- foo_milliseconds: counter, a simple counter
- ["foo_milliseconds",["A","B"],["otel_scope_fizz","buzz"],["otel_scope_name","testmeter"],["otel_scope_version","v0.1.0"]] 24.3
+ foo_milliseconds_total: counter, a simple counter
+ ["foo_milliseconds_total",["A","B"],["otel_scope_fizz","buzz"],["otel_scope_name","testmeter"],["otel_scope_version","v0.1.0"]] 24.3`,
    reason: "the specification has no option for units without `_total`; in Go it is deprecated",
  },
  {
    of: "opentelemetry-go serves empty_resource",
    ours: `- target_info: gauge, Target metadata
- ["target_info"] 1`,
    reason: "the specification: only for a resource that is not empty",
  },
  ...["a delta sum", "a delta histogram", "a delta exponential histogram"].map((name) => ({
    of: `opentelemetry-java serves ${name}`,
    ours: `+ target_info: gauge, Target metadata
+ ["target_info",["service_name","java"]] 1`,
    reason: RESOURCE,
  })),
  {
    of: "opentelemetry-java serves an exponential histogram that is too coarse",
    ours: `+ target_info: gauge, Target metadata
+ ["target_info",["service_name","java"]] 1
+ sample: histogram, description`,
    reason: `${RESOURCE}; the metric is left out point by point, because a scale can change`,
  },
  { of: "opentelemetry-java labels ようこそ", ours: "_", reason: KEPT_LABEL },
  {
    of: "opentelemetry-java writes a long array",
    ours: '["-9223372036854775808","9223372036854775807"]',
    reason: NO_INTEGER,
  },
  {
    of: "opentelemetry-java writes a double array",
    ours: "[5e-324,1.7976931348623157e+308]",
    reason: "JSON of JavaScript; the numbers are the same",
  },
];
