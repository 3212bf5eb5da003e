import type { BadInput } from "../bad-input.ts";

const COUNTER = "# TYPE a counter\n";
const GAUGE = "# TYPE a gauge\n";
const GAUGE_HISTOGRAM = "# TYPE a gaugehistogram\n";
const HISTOGRAM = "# TYPE a histogram\n";
const INFO = "# TYPE a info\n";
const STATESET = "# TYPE a stateset\n";
const SUMMARY = "# TYPE a summary\n";
const EOF = "# EOF\n";

const LONG = "x".repeat(127);

/** Expositions that are not OpenMetrics 1.0. */
export const BAD_OPENMETRICS: readonly BadInput<string | Uint8Array>[] = [
  // Characters and lines.
  ["invalid UTF-8", Buffer.from(`a{b="\xe9"} 1\n${EOF}`, "latin1"), /the body is not UTF-8/],
  ["a lone surrogate", `a{b="\udc00"} 1\n${EOF}`, /a lone surrogate/],
  ["a byte order mark", `\ufeff${EOF}`, /a byte order mark/],
  ["CR LF", `${GAUGE}a 1\r\n${EOF}`, /column 4: unexpected text after the value/],
  ["CR LF after a type", `# TYPE a gauge\r\n${EOF}`, /the line ends with CR LF/],
  ["an empty body", "", /line 1: the exposition does not end with # EOF/],
  ["a missing EOF", "a 1\n", /line 1: the exposition does not end with # EOF/],
  ["a line after EOF", `${EOF}a 1\n`, /line 2, column 1: a line after # EOF/],
  ["a blank line after EOF", `${EOF}\n`, /a line after # EOF/],
  ["EOF twice", EOF + EOF, /a line after # EOF/],
  ["text behind EOF", "# EOFblah\n", /expected # TYPE, # UNIT, # HELP or # EOF/],
  ["a space behind EOF", "# EOF \n", /expected # TYPE, # UNIT, # HELP or # EOF/],
  ["a blank line", `a 1\n\n${EOF}`, /line 2, column 1: a blank line/],
  ["a comment", `# a comment\n${EOF}`, /expected # TYPE/],
  ["a comment without a space", `#a\n${EOF}`, /expected # TYPE/],
  ["a blank at the begin of a line", ` a 1\n${EOF}`, /expected a metric name/],

  // Metadata.
  ["TYPE without a name", `# TYPE\n${EOF}`, /expected # TYPE/],
  ["TYPE with an empty name", `# TYPE \n${EOF}`, /expected a metric name/],
  ["TYPE without a type", `# TYPE a\n${EOF}`, /expected one space after the name/],
  ["TYPE with an empty type", `# TYPE a \n${EOF}`, /expected a type/],
  ["the type untyped", `# TYPE a untyped\n${EOF}`, /unknown type "untyped"/],
  ["a type in capitals", `# TYPE a Gauge\n${EOF}`, /unknown type "Gauge"/],
  ["a space after the type", `# TYPE a gauge \n${EOF}`, /unexpected text at the end/],
  ["two spaces before the type", `# TYPE a  gauge\n${EOF}`, /expected a type/],
  ["a tab after TYPE", `# TYPE\ta gauge\n${EOF}`, /expected # TYPE/],
  ["HELP without a text", `# HELP a\n${EOF}`, /expected one space after the name/],
  ["a backslash at the end of HELP", `# HELP a b\\\n${EOF}`, /an unknown escape/],
  ["HELP twice", `# HELP a b\n# HELP a b\n${EOF}`, /line 2: a second HELP for a/],
  ["TYPE twice", `${GAUGE}${GAUGE}${EOF}`, /line 2: a second TYPE for a/],
  ["UNIT twice", `# UNIT a_s s\n# UNIT a_s s\n${EOF}`, /line 2: a second UNIT for a_s/],
  ["HELP after a sample", `${GAUGE}a 1\n# HELP a b\n${EOF}`, /line 3: HELP after a sample of a/],
  ["TYPE after a sample", `a 1\n${GAUGE}${EOF}`, /line 2: TYPE after a sample of a/],
  ["UNIT that the name does not end with", `# UNIT a s\n${EOF}`, /a does not end with its unit s/],
  ["UNIT without its underscore", `# UNIT as s\n${EOF}`, /as does not end with its unit s/],
  ["UNIT of an info", `# TYPE a_s info\n# UNIT a_s s\n${EOF}`, /a unit for the info a_s/],
  ["UNIT of a stateset", `# TYPE a_s stateset\n# UNIT a_s s\n${EOF}`, /a unit for the stateset/],
  ["UNIT with a space", `# UNIT a_s s \n${EOF}`, /not a unit: "s "/],
  ["a quoted name", `# TYPE "a.b" gauge\n${EOF}`, /UTF-8 names were not negotiated/],

  // Names of families and samples.
  [
    "a family in two pieces",
    `${GAUGE}# TYPE b gauge\n${GAUGE}${EOF}`,
    /line 3: the name a belongs/,
  ],
  ["a sample of an earlier family", `${GAUGE}a 1\nb 1\na 2\n${EOF}`, /line 4: the name a belongs/],
  ["a counter without _total", `${COUNTER}a 1\n${EOF}`, /the name a belongs to two families/],
  ["an info without _info", `${INFO}a 1\n${EOF}`, /the name a belongs to two families/],
  [
    "a gauge called like a counter",
    `${COUNTER}# TYPE a_total gauge\n${EOF}`,
    /the name a_total bel/,
  ],
  [
    "a counter called like a gauge",
    `# TYPE a_created gauge\n${COUNTER}${EOF}`,
    /the name a_created/,
  ],
  [
    "a gauge called like a bucket",
    `${HISTOGRAM}# TYPE a_bucket gauge\n${EOF}`,
    /the name a_bucket/,
  ],
  ["a gauge called like a sum", `${SUMMARY}# TYPE a_sum gauge\n${EOF}`, /the name a_sum belongs/],
  [
    "a gauge called like a gsum",
    `${GAUGE_HISTOGRAM}# TYPE a_gsum gauge\n${EOF}`,
    /the name a_gsum/,
  ],
  ["a gauge called like an info", `${INFO}# TYPE a_info gauge\n${EOF}`, /the name a_info belongs/],

  // Samples.
  ["an illegal metric name", `a.b 1\n${EOF}`, /expected one space before the value/],
  ["a trailing comma", `a{b="c",} 1\n${EOF}`, /a comma after the last label/],
  ["a space after a comma", `a{b="c", d="e"} 1\n${EOF}`, /expected a label name/],
  ["a label twice", `a{b="c",b="d"} 1\n${EOF}`, /the label "b" appears twice/],
  ["an escape at the end of the line", `a{b="\\\n${EOF}`, /an unknown escape/],
  ["the label __name__", `a{__name__="b"} 1\n${EOF}`, /"__name__" is reserved/],
  ["no value", `a\n${EOF}`, /expected one space before the value/],
  ["an empty value", `a \n${EOF}`, /expected a value/],
  ["two spaces before the value", `a  1\n${EOF}`, /expected a value/],
  ["a tab before the value", `a\t1\n${EOF}`, /expected one space before the value/],
  ["a hexadecimal value", `a 0x1p-3\n${EOF}`, /not a number/],
  ["a value with underscores", `a 1_2\n${EOF}`, /not a number/],
  ["a value beyond a double", `a 1e400\n${EOF}`, /not a number/],
  ["a space after the value", `a 1 \n${EOF}`, /expected a timestamp/],
  ["a tab after the value", `a 1\t\n${EOF}`, /unexpected text after the value/],
  ["a word as timestamp", `a 1 z\n${EOF}`, /not a timestamp in seconds: "z"/],
  ["a timestamp of NaN", `a 1 NaN\n${EOF}`, /not a timestamp in seconds/],
  ["an infinite timestamp", `a 1 +Inf\n${EOF}`, /not a timestamp in seconds/],
  ["text after the timestamp", `a 1 2 3\n${EOF}`, /unexpected text at the end/],

  // Metrics and points.
  [
    "two metrics interleaved",
    `${COUNTER}a_total{b="c"} 1\na_total{b="d"} 1\na_created{b="c"} 1\n${EOF}`,
    /line 4: the samples of one metric do not stand together/,
  ],
  ["a duplicate series", `${GAUGE}a 1\na 2\n${EOF}`, /line 3: a duplicate series/],
  [
    "a point with and one without time",
    `${GAUGE}a 1 1\na 2\n${EOF}`,
    /line 3: a metric with and wi/,
  ],
  ["a point without and one with time", `${GAUGE}a 1\na 2 1\n${EOF}`, /a metric with and without/],
  ["time that goes backwards", `${GAUGE}a 1 1.5\na 2 1\n${EOF}`, /line 3: .* go backwards/],

  // Types.
  ["a negative counter", `${COUNTER}a_total -1\n${EOF}`, /line 2: a_total is negative/],
  ["a counter of NaN", `${COUNTER}a_total NaN\n${EOF}`, /a_total is NaN/],
  ["a creation time of NaN", `${COUNTER}a_total 1\na_created NaN\n${EOF}`, /a_created is NaN/],
  ["an info of 2", `${INFO}a_info 2\n${EOF}`, /the info a_info is not 1/],
  ["a state of 2", `${STATESET}a{a="b"} 2\n${EOF}`, /the state a is neither 0 nor 1/],
  ["a state without its label", `${STATESET}a 1\n${EOF}`, /a state of a without the label a/],
  ["a summary without quantile", `${SUMMARY}a 1\n${EOF}`, /a without quantile/],
  ["a quantile above 1", `${SUMMARY}a{quantile="1.01"} 1\n${EOF}`, /not between 0 and 1/],
  ["a quantile below 0", `${SUMMARY}a{quantile="-1"} 1\n${EOF}`, /not between 0 and 1/],
  ["a quantile of NaN", `${SUMMARY}a{quantile="NaN"} 1\n${EOF}`, /quantile is not a number/],
  ["a quantile that is a word", `${SUMMARY}a{quantile="b"} 1\n${EOF}`, /quantile is not a number/],
  ["an infinite quantile", `${SUMMARY}a{quantile="inf"} 1\n${EOF}`, /must spell infinity \+Inf/],
  [
    "a negative quantile value",
    `${SUMMARY}a{quantile="1"} -1\n${EOF}`,
    /the quantile of a is negat/,
  ],
  ["a negative summary sum", `${SUMMARY}a_sum -1\n${EOF}`, /a_sum is negative/],
  ["a summary count of NaN", `${SUMMARY}a_count NaN\n${EOF}`, /a_count is NaN/],
  ["a broken summary count", `${SUMMARY}a_count 1.5\n${EOF}`, /a_count is not a whole number/],
  [
    "a label quantile on _count",
    `${SUMMARY}a_count{quantile="1"} 1\n${EOF}`,
    /a_count has a label q/,
  ],
  [
    "a histogram without buckets",
    `${HISTOGRAM}a_count 1\na_sum 1\n${EOF}`,
    /without the \+Inf buck/,
  ],
  [
    "a histogram without +Inf",
    `${HISTOGRAM}a_bucket{le="1"} 1\n${EOF}`,
    /without the \+Inf bucket/,
  ],
  ["another spelling of +Inf", `${HISTOGRAM}a_bucket{le="+INF"} 1\n${EOF}`, /must spell infinity/],
  ["a bucket without le", `${HISTOGRAM}a_bucket 1\n${EOF}`, /a_bucket without le/],
  ["a broken bucket count", `${HISTOGRAM}a_bucket{le="+Inf"} 1.5\n${EOF}`, /not a whole number/],
  [
    "an infinite bucket count",
    `${HISTOGRAM}a_bucket{le="+Inf"} +Inf\n${EOF}`,
    /not a whole number/,
  ],
  [
    "two spellings of one bound",
    `${HISTOGRAM}a_bucket{le="1"} 1\na_bucket{le="1.0"} 1\n${EOF}`,
    /two buckets of one bound/,
  ],
  [
    "le that descends",
    `${HISTOGRAM}a_bucket{le="2"} 1\na_bucket{le="1"} 1\n${EOF}`,
    /le does not ascend/,
  ],
  [
    "counts that are not cumulative",
    `${HISTOGRAM}a_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\n${EOF}`,
    /not cumulative/,
  ],
  [
    "a histogram with a count only",
    `${HISTOGRAM}a_bucket{le="+Inf"} 1\na_count 1\n${EOF}`,
    /both a count and a sum, or neither/,
  ],
  [
    "a histogram with a sum only",
    `${HISTOGRAM}a_bucket{le="+Inf"} 1\na_sum 1\n${EOF}`,
    /both a count and a sum, or neither/,
  ],
  [
    "a count that is not the +Inf bucket",
    `${HISTOGRAM}a_bucket{le="+Inf"} 1\na_count 2\na_sum 1\n${EOF}`,
    /not the count of its \+Inf bucket/,
  ],
  [
    "a second point without +Inf",
    `${HISTOGRAM}a_bucket{le="+Inf"} 1 1\na_bucket{le="1"} 1 2\n${EOF}`,
    /line 3: a histogram without the \+Inf bucket/,
  ],
  [
    "a sum with negative buckets",
    `${HISTOGRAM}a_bucket{le="-1"} 0\na_bucket{le="+Inf"} 1\na_count 1\na_sum 1\n${EOF}`,
    /a sum with negative buckets/,
  ],
  [
    "a negative gauge sum without negative buckets",
    `${GAUGE_HISTOGRAM}a_bucket{le="+Inf"} 1\na_gcount 1\na_gsum -1\n${EOF}`,
    /a negative sum without negative buckets/,
  ],
  [
    "a gauge count without its sum",
    `${GAUGE_HISTOGRAM}a_bucket{le="+Inf"} 1\na_gcount 1\n${EOF}`,
    /both a count and a sum, or neither/,
  ],

  // Exemplars.
  ["an exemplar on a gauge", `${GAUGE}a 1 # {} 1\n${EOF}`, /an exemplar on a of the gauge a/],
  ["an exemplar on an unknown", `a_bucket 1 # {} 1\n${EOF}`, /an exemplar on a_bucket of the unk/],
  ["an exemplar on a sum", `${HISTOGRAM}a_sum 1 # {} 1\n${EOF}`, /an exemplar on a_sum/],
  ["an exemplar on _created", `${COUNTER}a_created 1 # {} 1\n${EOF}`, /an exemplar on a_created/],
  ["an exemplar without labels", `${COUNTER}a_total 1 # 1\n${EOF}`, /expected "{"/],
  ["an exemplar without a value", `${COUNTER}a_total 1 # {}\n${EOF}`, /expected one space before/],
  ["an exemplar without its space", `${COUNTER}a_total 1 #{} 1\n${EOF}`, /not a timestamp/],
  ["an exemplar without any space", `${COUNTER}a_total 1# {} 1\n${EOF}`, /not a number: "1#"/],
  ["a space after an exemplar", `${COUNTER}a_total 1 # {} 1 \n${EOF}`, /expected a timestamp/],
  [
    "text after an exemplar",
    `${COUNTER}a_total 1 # {} 1 1 1\n${EOF}`,
    /unexpected text at the end/,
  ],
  ["two exemplars", `${COUNTER}a_total 1 # {} 1 # {} 1\n${EOF}`, /not a timestamp/],
  ["an exemplar at no time", `${COUNTER}a_total 1 # {} 1 NaN\n${EOF}`, /not a timestamp/],
  [
    "an exemplar too long",
    `${COUNTER}a_total 1 # {ab="${LONG}"} 1\n${EOF}`,
    /have 129 characters, more than 128/,
  ],
  ["an exemplar label twice", `${COUNTER}a_total 1 # {b="c",b="d"} 1\n${EOF}`, /appears twice/],
  [
    "an exemplar above its bucket",
    `${HISTOGRAM}a_bucket{le="1"} 1 # {} 1.5\na_bucket{le="+Inf"} 1\n${EOF}`,
    /an exemplar above its bucket/,
  ],
  ["an exemplar of NaN", `${HISTOGRAM}a_bucket{le="+Inf"} 1 # {} NaN\n${EOF}`, /above its bucket/],
];

/** Expositions that are OpenMetrics, but not the layout that every parser reads. */
export const BAD_CANONICAL_OPENMETRICS: readonly BadInput<string>[] = [
  ["a missing last LF", "# EOF", /line 1: the last line does not end with LF/],
  ["a sample without TYPE", `a 1\n${EOF}`, /a does not belong to the family before it/],
  [
    "a sample of another family",
    `${GAUGE}b 1\n${EOF}`,
    /b does not belong to the family before it/,
  ],
  ["HELP without TYPE", `# HELP a b\n${EOF}`, /the order of a is not: TYPE, UNIT, HELP/],
  ["HELP before TYPE", `# HELP a b\n${GAUGE}${EOF}`, /line 1: the order of a is not/],
  [
    "HELP before UNIT",
    "# TYPE a_s gauge\n# HELP a_s b\n# UNIT a_s s\n# EOF\n",
    /line 3: the order/,
  ],
  ["an empty HELP", `${GAUGE}# HELP a \n${EOF}`, /an empty HELP/],
  ["an empty UNIT", `${GAUGE}# UNIT a \n${EOF}`, /an empty UNIT/],
  ["a bare quote in HELP", `${GAUGE}# HELP a "\n${EOF}`, /a bare double quote in HELP/],
  ["a needless escape in HELP", `${GAUGE}# HELP a \\t\n${EOF}`, /an unknown escape/],
  ["a needless escape in a label", `${GAUGE}a{b="\\t"} 1\n${EOF}`, /an unknown escape/],
  ["empty braces", `${GAUGE}a{} 1\n${EOF}`, /braces without a label/],
  ["an empty label value", `${GAUGE}a{b=""} 1\n${EOF}`, /has an empty value/],
  ["a quote in an exemplar", `${COUNTER}a_total 1 # {b="\\""} 1\n${EOF}`, /contain "\\""/],
  ["a brace in an exemplar", `${COUNTER}a_total 1 # {b="}"} 1\n${EOF}`, /contain "}"/],
  ["a NUL in an exemplar", `${COUNTER}a_total 1 # {b="\0"} 1\n${EOF}`, /contain "\\u0000"/],
  ["an empty exemplar label", `${COUNTER}a_total 1 # {b=""} 1\n${EOF}`, /has an empty value/],
  ["a number without its fraction", `${GAUGE}a 1.\n${EOF}`, /not a number: "1\."/],
  ["infinity spelt out", `${GAUGE}a Infinity\n${EOF}`, /not a number/],
  ["a timestamp with exponent", `${GAUGE}a 1 1e3\n${EOF}`, /not a timestamp in seconds: "1e3"/],
  ["an exemplar time with exponent", `${COUNTER}a_total 1 # {} 1 1e9\n${EOF}`, /not a timestamp/],
  ["a series at one time twice", `${GAUGE}a 1 1\na 1 1\n${EOF}`, /a duplicate series/],
  ["a series at two times", `${GAUGE}a 1 1\na 1 2\n${EOF}`, /a duplicate series/],
  ["_created", `${COUNTER}a_total 1\na_created 1\n${EOF}`, /line 3: a_created was not asked for/],
  ["a counter without _total", `${COUNTER}a_created 1\n${EOF}`, /the counter a without _total/],
  [
    "quantiles after _count",
    `${SUMMARY}a_count 1\na_sum 1\na{quantile="0.5"} 1\n${EOF}`,
    /line 4: a is out of order/,
  ],
  [
    "quantiles that descend",
    `${SUMMARY}a{quantile="0.9"} 1\na{quantile="0.5"} 1\na_count 1\na_sum 1\n${EOF}`,
    /quantile does not ascend/,
  ],
  [
    "a quantile that is not canonical",
    `${SUMMARY}a{quantile="1"} 1\na_count 1\na_sum 1\n${EOF}`,
    /quantile is not a canonical number: 1/,
  ],
  [
    "le that is not canonical",
    `${HISTOGRAM}a_bucket{le="1"} 1\na_bucket{le="+Inf"} 1\n${EOF}`,
    /line 2: le is not a canonical number: 1/,
  ],
  [
    "a bucket after _count",
    `${HISTOGRAM}a_count 1\na_sum 1\na_bucket{le="+Inf"} 1\n${EOF}`,
    /line 4: a_bucket is out of order/,
  ],
  [
    "an exemplar below its bucket",
    `${HISTOGRAM}a_bucket{le="1.0"} 1\na_bucket{le="+Inf"} 1 # {} 1\n${EOF}`,
    /an exemplar below its bucket/,
  ],
];
