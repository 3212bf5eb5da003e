import assert from "node:assert/strict";
import { test } from "node:test";
import { createEncoders } from "../../src/exposition/encoders.ts";
import { BlockStore } from "../../src/exposition/kept/store.ts";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import type { EscapingScheme } from "../../src/model/names.ts";
import { FORMATS, type Format } from "../../src/options/options.ts";
import { encodeFamilies } from "../helpers/scraping/encode-families.ts";

const FAMILY: MetricFamily = {
  name: "http.hits_total",
  help: "Hits.",
  type: "counter",
  metrics: [{ labels: { "http.route": "/" }, value: 2 }],
};

const TEXT = `# HELP http_hits_total Hits.
# TYPE http_hits_total counter
http_hits_total{http_route="/"} 2
`;

const OPENMETRICS = `# TYPE http_hits counter
# HELP http_hits Hits.
http_hits_total{http_route="/"} 2
# EOF
`;

// The length, then name, help, type, and one metric: its label, and a double of 8 bytes.
const PROTOBUF = [
  "8\n\x0fhttp_hits_total\x12\x05Hits.\x18\x00",
  '"\x1c\n\x0f\n\nhttp_route\x12\x01/',
  "\x1a\t\t\0\0\0\0\0\0\0@",
].join("");

const EXPOSITIONS: Readonly<Record<Format, string>> = {
  "text-0.0.4": TEXT,
  "text-1.0.0": TEXT,
  "openmetrics-1.0.0": OPENMETRICS,
  "openmetrics-0.0.1": OPENMETRICS,
  protobuf: PROTOBUF,
};

for (const format of FORMATS) {
  test(`createEncoders() makes an encoder of ${format}`, async () => {
    const encoder = await createEncoders(new BlockStore(0)).get(format, "underscores");
    const { body, faults } = encodeFamilies(encoder, [FAMILY]);
    assert.deepEqual(faults, []);
    assert.equal(body, EXPOSITIONS[format]);
  });
}

const ESCAPED: readonly (readonly [EscapingScheme, string])[] = [
  ["allow-utf-8", '{"http.hits_total","http.route"="/"} 2'],
  ["dots", 'http_dot_hits__total{http_dot_route="/"} 2'],
  ["underscores", 'http_hits_total{http_route="/"} 2'],
  ["values", 'U__http_2e_hits__total{U__http_2e_route="/"} 2'],
];

test("createEncoders() makes a separate encoder for each escaping scheme", async () => {
  const encoders = createEncoders(new BlockStore(0));
  for (const [scheme, line] of [...ESCAPED, ...ESCAPED]) {
    const { body } = encodeFamilies(await encoders.get("text-1.0.0", scheme), [FAMILY]);
    assert.equal(body.split("\n")[2], line);
  }
});

test("createEncoders() makes each encoder once, even for concurrent calls", async () => {
  const encoders = createEncoders(new BlockStore(0));
  for (const format of FORMATS) {
    const [first, second] = [encoders.get(format, "values"), encoders.get(format, "values")];
    assert.equal(await first, await second);
    assert.notEqual(await first, await encoders.get(format, "dots"));
  }
});

test("createEncoders() shares one encoder among formats with the same body", async () => {
  const encoders = createEncoders(new BlockStore(0));
  const same = async (first: Format, second: Format): Promise<boolean> =>
    (await encoders.get(first, "dots")) === (await encoders.get(second, "dots"));
  assert.equal(await same("text-0.0.4", "text-1.0.0"), true);
  assert.equal(await same("openmetrics-1.0.0", "openmetrics-0.0.1"), true);
  assert.equal(await same("text-0.0.4", "openmetrics-0.0.1"), false);
  assert.equal(await same("text-0.0.4", "protobuf"), false);
});

test("createEncoders() shares no encoder with another call", async () => {
  const first = await createEncoders(new BlockStore(0)).get("text-0.0.4", "dots");
  assert.notEqual(first, await createEncoders(new BlockStore(0)).get("text-0.0.4", "dots"));
});

/** What an author without a compiler that checks types may leave out, or take from JSON. */
const INCOMPLETE: readonly (readonly [what: string, family: object, lines: RegExp])[] = [
  ["labels", { type: "gauge", metrics: [{ value: 1 }, { labels: { a: 1 }, value: 2 }] }, /^x 1$/m],
  ["labels that are null", { type: "gauge", metrics: [{ labels: null, value: 1 }] }, /^x 1$/m],
  [
    "labels that are said to be unique",
    { type: "gauge", hasUniqueLabels: true, metrics: [{ value: 1 }] },
    /^x 1$/m,
  ],
  [
    "labels of a state",
    { type: "stateset", metrics: [{ value: 1 }] },
    /^# TYPE x (gauge|unknown)\nx 1$/m,
  ],
  [
    "labels of an exemplar",
    {
      type: "counter",
      name: "x_total",
      metrics: [{ labels: {}, value: 1, exemplar: { value: 1 } }],
    },
    /^x_total 1( # \{\} 1)?$/m,
  ],
  [
    "exemplars of buckets",
    {
      type: "histogram",
      metrics: [
        { labels: {}, count: 1, sum: 1, upperBounds: [], cumulativeCounts: [], exemplars: null },
      ],
    },
    /^x_bucket\{le="\+Inf"\} 1$/m,
  ],
  ["a unit", { name: "x_null", type: "gauge", unit: null, metrics: [] }, /^# TYPE x_null gauge$/m],
  [
    "a text as a unit",
    { name: "x_5", type: "gauge", unit: [5], metrics: [] },
    /^# TYPE x_5 gauge$/m,
  ],
  [
    "numbers as quantiles",
    {
      type: "summary",
      metrics: [
        {
          labels: {},
          count: 1,
          sum: 1,
          quantiles: ["0.5", null, 1n, Symbol("0.5"), 0.9],
          quantileValues: [1, 2, 3, 4, 5],
        },
      ],
    },
    /^x\{quantile="0.9"\} 5\nx_/m,
  ],
];

for (const format of FORMATS) {
  for (const [what, given, expected] of INCOMPLETE) {
    test(`the encoder of ${format} writes a family without ${what}`, async () => {
      const encoder = await createEncoders(new BlockStore(0)).get(format, "underscores");
      const family = { name: "x", help: "", ...given } as unknown as MetricFamily;
      const { body } = encodeFamilies(encoder, [family]);
      assert.doesNotMatch(body, /UNIT|quantile="[^0]/);
      if (format === "protobuf") assert.equal(body === "", [...family.metrics].length === 0);
      else assert.match(body, expected);
    });
  }
}

for (const format of FORMATS) {
  test(`the encoder of ${format} writes all metrics of a family that has new iterators`, async () => {
    const encoder = await createEncoders(new BlockStore(1e6)).get(format, "underscores");
    const list = Array.from({ length: 6 }, (_, n) => ({ identity: n, labels: { n }, value: n }));
    const family = { name: "x", help: "", type: "gauge" as const, hasUniqueLabels: true };
    const encode = () =>
      encodeFamilies(encoder, [Object.assign(family, { metrics: list.values() })]).body;
    for (let scrape = 0; scrape < 3; scrape++) encode();
    // A label without a value may make two label sets equal, so all are compared.
    list.splice(2, 0, { identity: 7, labels: { n: 7, empty: "" } as { n: number }, value: 7 });
    const body = encode();
    assert.equal(
      body,
      encodeFamilies(await createEncoders(new BlockStore(0)).get(format, "underscores"), [
        { ...family, metrics: [...list] },
      ]).body,
    );
  });
}
