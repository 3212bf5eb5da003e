/**
 * What OpenTelemetry's Java exporter does: the cases of `PrometheusUnitsHelperTest` and
 * `Otel2PrometheusConverterTest` in github.com/open-telemetry/opentelemetry-java (Apache-2.0), as tables.
 */
import type { TranslationStrategy } from "../../../../src/gatherers/opentelemetry/mapping-options.ts";
import type { InstrumentKind } from "../../../../src/gatherers/opentelemetry/naming/metric-name.ts";

/** Units and their words; `""` for none. */
export const UNITS: Readonly<Record<string, string>> = {
  By: "bytes",
  KBy: "KBy",
  kBy: "kilobytes",
  MBy: "megabytes",
  GBy: "gigabytes",
  TBy: "terabytes",
  KiBy: "kibibytes",
  MiBy: "mebibytes",
  GiBy: "gibibytes",
  TiBy: "tebibytes",
  d: "days",
  h: "hours",
  s: "seconds",
  ms: "milliseconds",
  us: "microseconds",
  ns: "nanoseconds",
  min: "minutes",
  "%": "percent",
  Hz: "hertz",
  Cel: "celsius",
  S: "S",
  "1": "",
  "{packets}": "",
  "{packets}V": "volts",
  "{scanned}/{returned}": "",
  "{objects}/s": "per_second",
  "m/s": "meters_per_second",
  "m/min": "meters_per_minute",
  "A/d": "amperes_per_day",
  "W/wk": "watts_per_week",
  "J/mo": "joules_per_month",
  "TBy/a": "terabytes_per_year",
  "v/v": "v_per_v",
  "km/h": "km_per_hour",
  "g/x": "grams_per_x",
  watts_W: "watts_W",
  total: "",
  created: "",
  bucket: "",
  info: "",
  widgets_total: "widgets",
  widgets_total_info: "widgets",
  widgets_total_: "widgets",
  "._widgets_.": "widgets",
  "._": "",
};

/** Instruments and the names of their metrics, `""` if dropped; a summary has no kind here. */
export const METRIC_NAMES: readonly (readonly [
  strategy: TranslationStrategy,
  instrument: string,
  unit: string,
  kind: InstrumentKind,
  name: string,
])[] = [
  ["UnderscoreEscapingWithSuffixes", "sample", "1", "gauge", "sample"],
  ["UnderscoreEscapingWithSuffixes", "sample", "unit", "gauge", "sample_unit"],
  ["UnderscoreEscapingWithSuffixes", "sample", "1{dropped}", "gauge", "sample"],
  ["UnderscoreEscapingWithSuffixes", "sample", "unit", "counter", "sample_unit_total"],
  ["UnderscoreEscapingWithSuffixes", "sample", "1", "counter", "sample_total"],
  ["UnderscoreEscapingWithSuffixes", "sample", "2", "counter", "sample_2_total"],
  ["UnderscoreEscapingWithSuffixes", "metric_name", "2", "other", "metric_name_2"],
  ["UnderscoreEscapingWithSuffixes", "s%%ple", "%/min", "other", "s_ple_percent_per_minute"],
  ["UnderscoreEscapingWithSuffixes", "metric_name_total", "total", "counter", "metric_name_total"],
  ["UnderscoreEscapingWithSuffixes", "metric_name_total", "total", "other", "metric_name"],
  ["UnderscoreEscapingWithSuffixes", "metric_name_ratio", "1", "gauge", "metric_name_ratio"],
  ["UnderscoreEscapingWithSuffixes", "metric_name_ratio", "1", "other", "metric_name_ratio"],
  ["UnderscoreEscapingWithSuffixes", "metric_hertz", "hertz", "gauge", "metric_hertz"],
  ["UnderscoreEscapingWithSuffixes", "metric_hertz", "hertz", "counter", "metric_hertz_total"],
  [
    "UnderscoreEscapingWithSuffixes",
    "metric_total_hertz",
    "hertz_total",
    "counter",
    "metric_total_hertz_total",
  ],
  ["UnderscoreEscapingWithSuffixes", "2_metric_name", "By", "other", "_metric_name_bytes"],
  ["UnderscoreEscapingWithSuffixes", "sample.name", "By", "counter", "sample_name_bytes_total"],
  ["UnderscoreEscapingWithoutSuffixes", "sample.name", "By", "counter", "sample_name"],
  ["NoUTF8EscapingWithSuffixes", "sample.name", "By", "counter", "sample.name_bytes_total"],
  ["NoTranslation", "sample.name", "By", "counter", "sample.name"],
  ["UnderscoreEscapingWithSuffixes", "sample__name", "By", "counter", "sample_name_bytes_total"],
  ["UnderscoreEscapingWithSuffixes", "sample", "1", "other", "sample"],
  ["UnderscoreEscapingWithoutSuffixes", "ようこそ", "1", "counter", ""],
  ["UnderscoreEscapingWithoutSuffixes", "", "1", "counter", ""],
];

/** Keys of attributes and their labels; `""` where the metric is dropped. */
export const LABEL_NAMES: Readonly<Record<string, string>> = {
  "label:with:colons": "label_with_colons",
  LabelWithCapitalLetters: "LabelWithCapitalLetters",
  "label!with&special$chars)": "label_with_special_chars_",
  label_with_foreign_characters_字符: "label_with_foreign_characters_",
  "label.with.dots": "label_with_dots",
  "123label": "key_123label",
  _label_starting_with_underscore: "_label_starting_with_underscore",
  __label_starting_with_2underscores: "_label_starting_with_2underscores",
  label__with__double__underscores: "label_with_double_underscores",
  "label.name__with&&special##chars": "label_name_with_special_chars",
  __reserved__label__name__: "_reserved_label_name_",
  trailing_underscores___: "trailing_underscores_",
  ようこそ: "",
};

/** Values of attributes and those of their labels. */
export const LABEL_VALUES: readonly {
  readonly of: string;
  readonly value: unknown;
  readonly text: string;
}[] = [
  { of: "string", value: "stringValue", text: "stringValue" },
  { of: "boolean", value: true, text: "true" },
  { of: "long", value: 2n ** 63n - 1n, text: "9223372036854775807" },
  { of: "double", value: 0.12345, text: "0.12345" },
  {
    of: "string array",
    value: ["stringValue1", '"+\\\\\\+\b+\f+\n+\r+\t+\0'],
    text: '["stringValue1","\\"+\\\\\\\\\\\\+\\b+\\f+\\n+\\r+\\t+\\u0000"]',
  },
  { of: "boolean array", value: [true, false], text: "[true,false]" },
  {
    of: "long array",
    value: [-(2n ** 63n), 2n ** 63n - 1n],
    text: "[-9223372036854775808,9223372036854775807]",
  },
  {
    of: "double array",
    value: [Number.MIN_VALUE, Number.MAX_VALUE],
    text: "[4.9E-324,1.7976931348623157E308]",
  },
  { of: "bytes", value: Uint8Array.of(1, 2, 3), text: "AQID" },
  { of: "map", value: { nested: "value" }, text: '{"nested":"value"}' },
  { of: "list", value: ["string", 123], text: '["string",123]' },
  { of: "empty", value: null, text: "" },
];
