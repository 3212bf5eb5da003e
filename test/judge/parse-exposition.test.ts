import assert from "node:assert/strict";
import { test } from "node:test";
import { normalizeBounds, parseExposition } from "./parse-exposition.ts";
import { delimited, double, int, message, string } from "./protobuf/wire-writer.ts";
import type { ParsedFamily } from "./types.ts";

const PROTOBUF =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

const TEXT_BODY = Buffer.from('# TYPE "a.b" gauge\n{"a.b"} 1\n');
const OPENMETRICS_BODY = Buffer.concat([TEXT_BODY, Buffer.from("# EOF\n")]);
const PROTOBUF_BODY = Uint8Array.from(
  delimited(string(0x0a, "a.b"), int(0x18, 1), message(0x22, message(0x12, double(0x09, 1)))),
);

const EXPECTED: ParsedFamily[] = [
  { name: "a.b", type: "gauge", samples: [{ name: "a.b", labels: new Map(), value: 1 }] },
];

const UTF8_TYPES: readonly (readonly [contentType: string, body: Uint8Array])[] = [
  ["text/plain; version=0.0.4; charset=utf-8", TEXT_BODY],
  ["text/plain; version=1.0.0; charset=utf-8", TEXT_BODY],
  ["application/openmetrics-text; version=1.0.0; charset=utf-8", OPENMETRICS_BODY],
  [PROTOBUF, PROTOBUF_BODY],
];

for (const [contentType, body] of UTF8_TYPES) {
  test(`parseExposition() reads UTF-8 names of ${contentType} only where allowed`, () => {
    assert.deepEqual(parseExposition(`${contentType}; escaping=allow-utf-8`, body), EXPECTED);
    for (const scheme of ["underscores", "dots", "values"]) {
      assert.throws(
        () => parseExposition(`${contentType}; escaping=${scheme}`, body),
        /not negotiated/,
      );
    }
  });
}

const PLAIN_TYPES: readonly (readonly [contentType: string, body: string])[] = [
  ["text/plain; version=0.0.4; charset=utf-8", ""],
  ["text/plain; version=1.0.0; charset=utf-8; escaping=underscores", ""],
  ["application/openmetrics-text; version=1.0.0; charset=utf-8", "# EOF\n"],
  ["application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=dots", "# EOF\n"],
  ["application/openmetrics-text; version=0.0.1; charset=utf-8", "# EOF\n"],
  [PROTOBUF, ""],
];

for (const [contentType, body] of PLAIN_TYPES) {
  test(`parseExposition() accepts ${contentType}`, () => {
    assert.deepEqual(parseExposition(contentType, Buffer.from(body)), []);
  });
}

const WRONG_TYPES: readonly string[] = [
  "",
  "text/plain",
  "text/html; charset=utf-8",
  "text/plain; version=0.0.4",
  "text/plain;version=0.0.4;charset=utf-8",
  "text/plain; charset=utf-8; version=0.0.4",
  "text/plain; version=0.0.4; charset=UTF-8",
  "text/plain; version=0.0.4; charset=utf-8; escaping=other",
  "text/plain; version=0.0.4; charset=utf-8; escaping=values; escaping=values",
  "text/plain; version=1.0.0; charset=utf-8",
  "application/openmetrics-text; version=2.0.0; charset=utf-8",
  "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=values",
  "application/vnd.google.protobuf",
  `${PROTOBUF}; charset=utf-8`,
];

for (const contentType of WRONG_TYPES) {
  test(`parseExposition() rejects the content type ${JSON.stringify(contentType)}`, () => {
    assert.throws(() => parseExposition(contentType, new Uint8Array()), RangeError);
  });
}

test("parseExposition() requires canonical OpenMetrics, and passes its options on", () => {
  const contentType = "application/openmetrics-text; version=1.0.0; charset=utf-8";
  const body = Buffer.from("# TYPE a counter\na_total -1\na_created 1\n# EOF\n");
  assert.throws(() => parseExposition(contentType, Buffer.from("a 1\n# EOF\n")), /does not belong/);
  assert.throws(() => parseExposition(contentType, body), /a_total is negative/);
  assert.throws(
    () => parseExposition(contentType, body, { strictSemantics: false }),
    /a_created was not asked for/,
  );
  const options = { strictSemantics: false, created: true };
  assert.equal(parseExposition(contentType, body, options)[0]?.samples.length, 2);
});

test("normalizeBounds() spells le and quantile canonically where they are bounds", () => {
  const body = [
    "# TYPE h histogram",
    'h_bucket{le="1",a="1"} 1',
    'h_bucket{le="1000000",a="1"} 1',
    'h_bucket{le="+Inf",a="1"} 1',
    'h_sum{a="1"} 1',
    'h_count{a="1"} 1',
    "# TYPE s summary",
    's{quantile="1"} 1',
    "s_sum 1",
    "s_count 1",
    "# TYPE g gauge",
    'g{le="1",quantile="1"} 1',
    "",
  ].join("\n");
  const families = parseExposition("text/plain; version=0.0.4; charset=utf-8", Buffer.from(body));
  assert.deepEqual(
    normalizeBounds(families).flatMap(({ samples }) => samples.map((sample) => [...sample.labels])),
    [
      [
        ["le", "1.0"],
        ["a", "1"],
      ],
      [
        ["le", "1e+06"],
        ["a", "1"],
      ],
      [
        ["le", "+Inf"],
        ["a", "1"],
      ],
      [["a", "1"]],
      [["a", "1"]],
      [["quantile", "1.0"]],
      [],
      [],
      [
        ["le", "1"],
        ["quantile", "1"],
      ],
    ],
  );
});
