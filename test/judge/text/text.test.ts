import assert from "node:assert/strict";
import { test } from "node:test";
import { ExpositionError, type ParsedFamily, sampleKey } from "../types.ts";
import { BAD_LENIENT_TEXT, BAD_TEXT, BAD_UTF8_TEXT } from "./bad-text.ts";
import { parseText, type TextOptions } from "./text.ts";

const REJECTED = [
  { cases: BAD_TEXT, options: {}, mode: "" },
  { cases: BAD_UTF8_TEXT, options: { utf8Names: true }, mode: " with UTF-8 names" },
  { cases: BAD_LENIENT_TEXT, options: { lenient: true }, mode: " even leniently" },
];

for (const { cases, options, mode } of REJECTED) {
  for (const [name, input, message] of cases) {
    test(`parseText() rejects ${name}${mode}`, () => {
      assert.throws(
        () => parseText(input, options),
        (error) => error instanceof ExpositionError && message.test(error.message),
      );
    });
  }
}

const labels = (pairs: Record<string, string> = {}): Map<string, string> =>
  new Map(Object.entries(pairs));

const ACCEPTED: readonly {
  readonly name: string;
  readonly input: string | Uint8Array;
  readonly options?: TextOptions;
  readonly expected: readonly ParsedFamily[];
}[] = [
  { name: "an empty exposition", input: "", expected: [] },
  {
    name: "a family without samples",
    input: "# TYPE a gauge\n",
    expected: [{ name: "a", type: "gauge", samples: [] }],
  },
  {
    name: "help, labels, escapes and a timestamp",
    input:
      '# HELP a:b back\\\\slash\\nand "quotes"\n# TYPE a:b counter\na:b{c="\\\\d\\n\\""} 1 2\n',
    expected: [
      {
        name: "a:b",
        type: "counter",
        help: 'back\\slash\nand "quotes"',
        samples: [{ name: "a:b", labels: labels({ c: '\\d\n"' }), value: 1, timestampMs: 2 }],
      },
    ],
  },
  {
    name: "bytes with characters that need no escape",
    input: Buffer.from('# HELP a é\r\n# TYPE a gauge\na{b="\0\t\r😱"} 1\n'),
    expected: [
      {
        name: "a",
        type: "gauge",
        help: "é\r",
        samples: [{ name: "a", labels: labels({ b: "\0\t\r😱" }), value: 1 }],
      },
    ],
  },
  {
    name: "every kind of number",
    input: [
      "# TYPE a untyped",
      'a{b="1"} -1.5',
      'a{b="2"} 1e+21',
      'a{b="3"} 1e-7',
      'a{b="4"} +Inf',
      'a{b="5"} -Inf',
      'a{b="6"} NaN',
      "",
    ].join("\n"),
    expected: [
      {
        name: "a",
        type: "untyped",
        samples: [-1.5, 1e21, 1e-7, Infinity, -Infinity, Number.NaN].map((value, index) => ({
          name: "a",
          labels: labels({ b: String(index + 1) }),
          value,
        })),
      },
    ],
  },
  {
    name: "a histogram of two label sets",
    input: [
      "# TYPE a histogram",
      'a_bucket{le="-1",b="c"} 0',
      'a_bucket{le="1e-7",b="c"} 1.5',
      'a_bucket{le="+Inf",b="c"} 1.5',
      'a_sum{b="c"} -4',
      'a_count{b="c"} 1.5',
      'a_bucket{b="d",le="+Inf"} 0',
      'a_sum{b="d"} 0',
      'a_count{b="d"} 0',
      "",
    ].join("\n"),
    expected: [
      {
        name: "a",
        type: "histogram",
        samples: [
          { name: "a_bucket", labels: labels({ le: "-1", b: "c" }), value: 0 },
          { name: "a_bucket", labels: labels({ le: "1e-7", b: "c" }), value: 1.5 },
          { name: "a_bucket", labels: labels({ le: "+Inf", b: "c" }), value: 1.5 },
          { name: "a_sum", labels: labels({ b: "c" }), value: -4 },
          { name: "a_count", labels: labels({ b: "c" }), value: 1.5 },
          { name: "a_bucket", labels: labels({ b: "d", le: "+Inf" }), value: 0 },
          { name: "a_sum", labels: labels({ b: "d" }), value: 0 },
          { name: "a_count", labels: labels({ b: "d" }), value: 0 },
        ],
      },
    ],
  },
  {
    name: "a summary with quantiles and one without",
    input: [
      "# TYPE a summary",
      'a{quantile="0"} NaN',
      'a{quantile="0.5"} 1',
      "a_sum 2",
      "a_count 3",
      'a_sum{b="c"} 0',
      'a_count{b="c"} 0',
      "",
    ].join("\n"),
    expected: [
      {
        name: "a",
        type: "summary",
        samples: [
          { name: "a", labels: labels({ quantile: "0" }), value: Number.NaN },
          { name: "a", labels: labels({ quantile: "0.5" }), value: 1 },
          { name: "a_sum", labels: labels(), value: 2 },
          { name: "a_count", labels: labels(), value: 3 },
          { name: "a_sum", labels: labels({ b: "c" }), value: 0 },
          { name: "a_count", labels: labels({ b: "c" }), value: 0 },
        ],
      },
    ],
  },
  {
    name: "le and quantile on a gauge",
    input: '# TYPE a gauge\na{le="b",quantile="c"} 1\n',
    expected: [
      {
        name: "a",
        type: "gauge",
        samples: [{ name: "a", labels: labels({ le: "b", quantile: "c" }), value: 1 }],
      },
    ],
  },
  {
    name: "quoted names where they were negotiated",
    input: [
      '# HELP "my.metric" text',
      '# TYPE "my.metric" summary',
      '{"my.metric_sum"} 1',
      '{"my.metric_count"} 1',
      '{"my.metric_sum","http.status"="200",path="/"} 1',
      '{"my.metric_count",path="/","http.status"="200"} 1',
      "# TYPE foo gauge",
      'foo{"a:b"="c"} 1',
      "",
    ].join("\n"),
    options: { utf8Names: true },
    expected: [
      {
        name: "my.metric",
        type: "summary",
        help: "text",
        samples: [
          { name: "my.metric_sum", labels: labels(), value: 1 },
          { name: "my.metric_count", labels: labels(), value: 1 },
          {
            name: "my.metric_sum",
            labels: labels({ "http.status": "200", path: "/" }),
            value: 1,
          },
          {
            name: "my.metric_count",
            labels: labels({ "http.status": "200", path: "/" }),
            value: 1,
          },
        ],
      },
      {
        name: "foo",
        type: "gauge",
        samples: [{ name: "foo", labels: labels({ "a:b": "c" }), value: 1 }],
      },
    ],
  },
  {
    name: "what prom-client writes, leniently",
    input: '# HELP a help\n# TYPE a gauge\n\n# HELP b help\n# TYPE b counter\nb{c=""} Nan\n',
    options: { lenient: true },
    expected: [
      { name: "a", type: "gauge", help: "help", samples: [] },
      {
        name: "b",
        type: "counter",
        help: "help",
        samples: [{ name: "b", labels: labels({ c: "" }), value: Number.NaN }],
      },
    ],
  },
  {
    name: "all layouts and orders, leniently",
    input: [
      "",
      "#",
      "# a comment",
      "# HELP",
      "# HELP  ",
      "# TYPE a",
      "\t#\tTYPE\ta\tsummary",
      ' a { quantile = ".5" , } -inf  -1',
      "b_sum 08",
      "a_count{} 1 +2",
      "a_bucket 1",
      "# TYPE h histogram",
      'h_bucket{le="+Inf"}1',
      "h 2",
      "a_sum 1",
      "# HELP a help after samples",
      "# HELP only help",
      "",
    ].join("\n"),
    options: { lenient: true },
    expected: [
      {
        name: "a",
        type: "summary",
        help: "help after samples",
        samples: [
          { name: "a", labels: labels({ quantile: ".5" }), value: -Infinity, timestampMs: -1 },
          { name: "a_count", labels: labels(), value: 1, timestampMs: 2 },
          { name: "a_sum", labels: labels(), value: 1 },
        ],
      },
      {
        name: "b_sum",
        type: "untyped",
        samples: [{ name: "b_sum", labels: labels(), value: 8 }],
      },
      {
        name: "a_bucket",
        type: "untyped",
        samples: [{ name: "a_bucket", labels: labels(), value: 1 }],
      },
      {
        name: "h",
        type: "histogram",
        samples: [
          { name: "h_bucket", labels: labels({ le: "+Inf" }), value: 1 },
          { name: "h", labels: labels(), value: 2 },
        ],
      },
    ],
  },
  {
    name: "needless quotes, leniently",
    input: '{ "a" , "b" = "c" } 1\n',
    options: { lenient: true, utf8Names: true },
    expected: [
      {
        name: "a",
        type: "untyped",
        samples: [{ name: "a", labels: labels({ b: "c" }), value: 1 }],
      },
    ],
  },
];

for (const { name, input, options, expected } of ACCEPTED) {
  test(`parseText() accepts ${name}`, () => {
    assert.deepEqual(parseText(input, options), expected);
  });
}

test("sampleKey() identifies a series by its name and labels, in any order", () => {
  const key = sampleKey({ name: "a", labels: labels({ b: "1", c: "2" }) });
  assert.equal(sampleKey({ name: "a", labels: labels({ c: "2", b: "1", d: "" }) }), key);
  assert.notEqual(sampleKey({ name: "a", labels: labels({ b: "1", c: "3" }) }), key);
  assert.notEqual(sampleKey({ name: "a", labels: labels({ b: '1","c","2' }) }), key);
});
