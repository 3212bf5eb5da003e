import assert from "node:assert/strict";
import { test } from "node:test";
import { ExpositionError, type ParsedFamily } from "../types.ts";
import { BAD_CANONICAL_OPENMETRICS, BAD_OPENMETRICS } from "./bad-openmetrics.ts";
import { type OpenMetricsOptions, parseOpenMetrics } from "./openmetrics.ts";

const EOF = "# EOF\n";

for (const [name, input, message] of BAD_OPENMETRICS) {
  test(`parseOpenMetrics() rejects ${name}`, () => {
    for (const options of [{}, { canonical: true }]) {
      assert.throws(() => parseOpenMetrics(input, options), ExpositionError);
    }
    assert.throws(() => parseOpenMetrics(input), { message });
  });
}

for (const [name, input, message] of BAD_CANONICAL_OPENMETRICS) {
  test(`parseOpenMetrics() rejects ${name} only where it must be canonical`, () => {
    assert.throws(() => parseOpenMetrics(input, { canonical: true }), { message });
    assert.doesNotThrow(() => parseOpenMetrics(input));
  });
}

const labels = (pairs: Record<string, string> = {}): Map<string, string> =>
  new Map(Object.entries(pairs));

const CANONICAL_BODY = [
  "# TYPE a_seconds counter",
  "# UNIT a_seconds seconds",
  '# HELP a_seconds back\\\\slash\\nand \\"quotes\\"',
  'a_seconds_total{b="\\\\c\\n\\""} 1 1.5 # {d="e"} 0.5 1520879607.789',
  "# TYPE g gauge",
  "g NaN",
  'g{g="1"} -1',
  "# TYPE h histogram",
  'h_bucket{le="1.0"} 0 # {} 1',
  'h_bucket{le="+Inf"} 3 # {trace_id="😱"} 1.5',
  "h_count 3",
  "h_sum 2.5",
  "# TYPE gh gaugehistogram",
  'gh_bucket{le="-1.0"} 1',
  'gh_bucket{le="+Inf"} 3',
  "gh_gcount 3",
  "gh_gsum -2",
  "# TYPE i info",
  'i_info{version="1"} 1',
  "# TYPE s stateset",
  's{s="on"} 1',
  's{s="off"} 0',
  "# TYPE q summary",
  'q{quantile="0.5"} NaN',
  'q{quantile="1.0"} 3',
  "q_sum 4",
  "q_count 5",
  "# TYPE u unknown",
  "u -1",
  EOF,
].join("\n");

test("parseOpenMetrics() returns every part of a canonical exposition", () => {
  const expected: ParsedFamily[] = [
    {
      name: "a_seconds",
      type: "counter",
      help: 'back\\slash\nand "quotes"',
      unit: "seconds",
      samples: [
        {
          name: "a_seconds_total",
          labels: labels({ b: '\\c\n"' }),
          value: 1,
          timestampMs: 1500,
          exemplar: { labels: labels({ d: "e" }), value: 0.5, timestampMs: 1520879607789 },
        },
      ],
    },
    {
      name: "g",
      type: "gauge",
      samples: [
        { name: "g", labels: labels(), value: Number.NaN },
        { name: "g", labels: labels({ g: "1" }), value: -1 },
      ],
    },
    {
      name: "h",
      type: "histogram",
      samples: [
        {
          name: "h_bucket",
          labels: labels({ le: "1.0" }),
          value: 0,
          exemplar: { labels: labels(), value: 1 },
        },
        {
          name: "h_bucket",
          labels: labels({ le: "+Inf" }),
          value: 3,
          exemplar: { labels: labels({ trace_id: "😱" }), value: 1.5 },
        },
        { name: "h_count", labels: labels(), value: 3 },
        { name: "h_sum", labels: labels(), value: 2.5 },
      ],
    },
    {
      name: "gh",
      type: "gaugehistogram",
      samples: [
        { name: "gh_bucket", labels: labels({ le: "-1.0" }), value: 1 },
        { name: "gh_bucket", labels: labels({ le: "+Inf" }), value: 3 },
        { name: "gh_gcount", labels: labels(), value: 3 },
        { name: "gh_gsum", labels: labels(), value: -2 },
      ],
    },
    {
      name: "i",
      type: "info",
      samples: [{ name: "i_info", labels: labels({ version: "1" }), value: 1 }],
    },
    {
      name: "s",
      type: "stateset",
      samples: [
        { name: "s", labels: labels({ s: "on" }), value: 1 },
        { name: "s", labels: labels({ s: "off" }), value: 0 },
      ],
    },
    {
      name: "q",
      type: "summary",
      samples: [
        { name: "q", labels: labels({ quantile: "0.5" }), value: Number.NaN },
        { name: "q", labels: labels({ quantile: "1.0" }), value: 3 },
        { name: "q_sum", labels: labels(), value: 4 },
        { name: "q_count", labels: labels(), value: 5 },
      ],
    },
    { name: "u", type: "unknown", samples: [{ name: "u", labels: labels(), value: -1 }] },
  ];
  assert.deepEqual(parseOpenMetrics(CANONICAL_BODY), expected);
  assert.deepEqual(parseOpenMetrics(CANONICAL_BODY, { canonical: true }), expected);
  assert.deepEqual(parseOpenMetrics(Buffer.from(CANONICAL_BODY), { canonical: true }), expected);
});

const ACCEPTED: readonly (readonly [name: string, input: string, options?: OpenMetricsOptions])[] =
  [
    ["an empty exposition", EOF, { canonical: true }],
    ["an exposition without its last LF", "# EOF"],
    ["a family without TYPE", `a{b="\\z",c=""} 1e3 1.5e3\n${EOF}`],
    ["other spellings of numbers", `a 1.\nb .5\nc infinity\nd -INF\ne nan\n${EOF}`],
    ["points that differ by less than their time", `# TYPE a gauge\na 1 0\na 2 0\na 3 1\n${EOF}`],
    ["empty metadata", `# HELP a \n# UNIT a \n${EOF}`],
    [
      "an exemplar of 128 characters",
      `# TYPE a counter\na_total 1 # {b="${"😱".repeat(127)}"} 1\n${EOF}`,
      { canonical: true },
    ],
    [
      "_created where it was asked for",
      [
        "# TYPE a counter",
        'a_total{b="1"} 1',
        'a_created{b="1"} 1520430000.123',
        'a_total{b="2"} 1',
        'a_created{b="2"} 1520430000.123',
        "# TYPE h histogram",
        'h_bucket{le="+Inf"} 1',
        "h_sum 1",
        "h_count 1",
        "h_created 1",
        EOF,
      ].join("\n"),
      { canonical: true, created: true },
    ],
    [
      "values that the types forbid where they do not matter",
      [
        "# TYPE a counter",
        "a_total NaN",
        "# TYPE h histogram",
        'h_bucket{le="-1.0"} 0.5',
        'h_bucket{le="+Inf"} 1.5',
        "h_sum -1",
        "h_count 1.5",
        "# TYPE gh gaugehistogram",
        'gh_bucket{le="+Inf"} 1',
        "gh_gsum -1",
        "gh_gcount 1",
        "# TYPE i info",
        "i_info 2",
        EOF,
      ].join("\n"),
      { canonical: true, strictSemantics: false },
    ],
    [
      "quoted names where they were negotiated",
      [
        '# TYPE "my.time_s" gauge',
        '# UNIT "my.time_s" s',
        '# HELP "my.time_s" text',
        '{"my.time_s","http.status"="200",path="/"} 1',
        '# TYPE "my.counter" counter',
        '{"my.counter_total"} 1 # {"trace.id"="1"} 1',
        EOF,
      ].join("\n"),
      { canonical: true, utf8Names: true },
    ],
  ];

for (const [name, input, options] of ACCEPTED) {
  test(`parseOpenMetrics() accepts ${name}`, () => {
    assert.doesNotThrow(() => parseOpenMetrics(input, options));
  });
}

test("parseOpenMetrics() makes an unknown family of a sample that no family owns", () => {
  assert.deepEqual(parseOpenMetrics(`# TYPE a gauge\na 1\nb 2\n${EOF}`), [
    { name: "a", type: "gauge", samples: [{ name: "a", labels: labels(), value: 1 }] },
    { name: "b", type: "unknown", samples: [{ name: "b", labels: labels(), value: 2 }] },
  ]);
});
