import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenMetricsEncoder } from "../../../src/exposition/text/openmetrics.ts";
import { arrangeInfo, arrangeStates } from "../../../src/exposition/text/openmetrics-groups.ts";
import type { MetricFamily, MetricType, ValueMetric } from "../../../src/model/metric-family.ts";
import type { EscapingScheme } from "../../../src/model/names.ts";
import { encodeChunks, encodeFamilies, lines } from "../../helpers/scraping/encode-families.ts";

const NO_STATE_SET =
  "a state is neither 0 nor 1, lacks the label with the name of the family, or has a time of its own: OpenMetrics output shows no state set";
const NO_INFO = "not all are 1, or only some have a time: OpenMetrics output shows no info";

function familyOf(name: string, type: MetricType, metrics: Iterable<ValueMetric>): MetricFamily {
  return { name, help: "", type, metrics } as MetricFamily;
}

/** What is written after the preamble, and what is reported of `name`. */
function encoded(family: MetricFamily, scheme: EscapingScheme = "underscores") {
  const { body, faults } = encodeFamilies(createOpenMetricsEncoder(scheme), [family]);
  const [type = "", ...rest] = body.split("\n").slice(0, -2);
  return { type, samples: rest, faults };
}

const state = (labels: object, value: number, timestampMs?: number): ValueMetric => ({
  labels: { ...labels },
  value,
  timestampMs,
});

test("createOpenMetricsEncoder() groups the states of each label set", () => {
  const states = [
    state({ e: 1, ss: "a" }, 1),
    state({ ss: "a", e: 2 }, 0),
    state({ e: 1, ss: "b" }, 0),
    state({ ss: "a" }, 1),
    state({ e: 2, ss: "b" }, 1),
    state({ ss: "b", e: "" }, 0),
  ];
  assert.deepEqual(encoded(familyOf("ss", "stateset", states)), {
    type: "# TYPE ss stateset",
    samples: [
      'ss{e="1",ss="a"} 1',
      'ss{e="1",ss="b"} 0',
      'ss{ss="a",e="2"} 0',
      'ss{e="2",ss="b"} 1',
      'ss{ss="a"} 1',
      'ss{ss="b"} 0',
    ],
    faults: [],
  });
});

test("createOpenMetricsEncoder() groups states whose names are escaped", () => {
  const states = [
    state({ "s.s": "a", e: 1 }, 1),
    state({ "s.s": "a" }, 1),
    state({ "s.s": "b", e: 1 }, 0),
  ];
  assert.deepEqual(encoded(familyOf("s.s", "stateset", states), "dots"), {
    type: "# TYPE s_dot_s stateset",
    samples: [
      's_dot_s{s_dot_s="a",e="1"} 1',
      's_dot_s{s_dot_s="b",e="1"} 0',
      's_dot_s{s_dot_s="a"} 1',
    ],
    faults: [],
  });
});

const NO_STATE_SETS: readonly { what: string; states: readonly ValueMetric[]; name?: string }[] = [
  { what: "a value of 2", states: [state({ ss: "a" }, 0), state({ ss: "b" }, 2)] },
  { what: "the value NaN", states: [state({ ss: "a" }, Number.NaN)] },
  { what: "a state without the label", states: [state({ ss: "a" }, 0), state({ e: 1 }, 1)] },
  { what: "a state that is empty", states: [state({ ss: "" }, 1)] },
  { what: "a name that no label may have", states: [state({ "s:s": "a" }, 1)], name: "s:s" },
  { what: "two times", states: [state({ ss: "a" }, 1, 1_000), state({ ss: "b" }, 0, 2_000)] },
  { what: "a time for some", states: [state({ ss: "a" }, 1), state({ ss: "b" }, 0, 2_000)] },
];

for (const { what, states, name = "ss" } of NO_STATE_SETS) {
  test(`createOpenMetricsEncoder() shows a state set with ${what} as unknown, as it is`, () => {
    const shown = encoded(familyOf(name, "stateset", states));
    assert.equal(shown.type, `# TYPE ${name} unknown`);
    assert.equal(shown.samples.length, states.length);
    assert.deepEqual(shown.faults, [`${name}: ${NO_STATE_SET}`]);
  });
}

test("createOpenMetricsEncoder() allows each label set of a state set its own time", () => {
  const states = [
    state({ ss: "a" }, 1, 1_000),
    state({ ss: "a", e: 1 }, 1),
    state({ ss: "b" }, 0, 1_000.2),
  ];
  assert.deepEqual(encoded(familyOf("ss", "stateset", states)), {
    type: "# TYPE ss stateset",
    samples: ['ss{ss="a"} 1 1', 'ss{ss="b"} 0 1', 'ss{ss="a",e="1"} 1'],
    faults: [],
  });
});

for (const name of ["x_info", "x"]) {
  test(`createOpenMetricsEncoder() shows an info of value 2 called ${name} as unknown`, () => {
    const infos = [state({ a: 1 }, 1), state({ a: 2 }, 2)];
    assert.deepEqual(encoded(familyOf(name, "info", infos)), {
      type: "# TYPE x_info unknown",
      samples: ['x_info{a="1"} 1', 'x_info{a="2"} 2'],
      faults: [`${name}: ${NO_INFO}`],
    });
  });
}

test("createOpenMetricsEncoder() shows an info with a time for some as unknown", () => {
  const infos = [state({ a: 1 }, 1), state({ a: 2 }, 1, 1_000)];
  assert.equal(encoded(familyOf("x_info", "info", infos)).type, "# TYPE x_info unknown");
  const timed = infos.map((info) => ({ ...info, timestampMs: 1_000 }));
  assert.equal(encoded(familyOf("x_info", "info", timed)).type, "# TYPE x info");
});

test("createOpenMetricsEncoder() judges an info and a state set only by numbers", () => {
  // A gatherer without types is not held to them.
  const none = state({ a: 1 }, undefined as unknown as number);
  for (const [type, label] of [
    ["info", "a"],
    ["stateset", "x_info"],
  ] as const) {
    const shown = encoded(familyOf("x_info", type, [none, state({ [label]: "a" }, 1)]));
    assert.match(shown.type, new RegExp(`${type}$`));
    assert.equal(shown.samples.length, 1);
    assert.deepEqual(shown.faults, ["x_info: a value is not a number"]);
  }
});

test("createOpenMetricsEncoder() decides anew at each scrape what a family is", () => {
  const encoder = createOpenMetricsEncoder("underscores");
  let metrics = [state({ ss: "a" }, 1)];
  const family = familyOf("ss", "stateset", { [Symbol.iterator]: () => metrics.values() });
  const body = () => encodeFamilies(encoder, [family]).body;
  const legal = lines("# TYPE ss stateset", 'ss{ss="a"} 1', "# EOF");
  assert.equal(body(), legal);
  metrics = [state({ ss: "a" }, 2)];
  assert.equal(body(), lines("# TYPE ss unknown", 'ss{ss="a"} 2', "# EOF"));
  metrics = [state({ ss: "a" }, 1)];
  assert.equal(body(), legal);
});

test("createOpenMetricsEncoder() reads metrics that are one object", () => {
  const one: { labels: object; value: number } = { labels: {}, value: 0 };
  function* states() {
    for (const [index, ss] of ["a", "b"].entries())
      yield Object.assign(one, { labels: { ss }, value: index });
  }
  const family = familyOf("ss", "stateset", { [Symbol.iterator]: states } as Iterable<ValueMetric>);
  assert.deepEqual(encoded(family).samples, ['ss{ss="a"} 0', 'ss{ss="b"} 1']);
});

test("arrangeInfo() and arrangeStates() pause every 1,000 metrics", () => {
  const metrics = Array.from({ length: 2_500 }, (_, index) => state({ ss: index }, 1));
  for (const run of [arrangeInfo(metrics), arrangeStates(metrics, "ss", "dots")]) {
    let pauses = 0;
    while (!run.next().done) pauses++;
    assert.equal(pauses, 2);
  }
});

test("createOpenMetricsEncoder() pauses while it collects a long state set", () => {
  const metrics = Array.from({ length: 1_500 }, (_, index) => state({ ss: index }, 1));
  const encoder = createOpenMetricsEncoder("dots");
  const [first, ...others] = Array.from(
    encodeChunks(encoder, [familyOf("ss", "stateset", metrics)], assert.fail),
    (chunk) => Buffer.from(chunk).toString(),
  );
  assert.equal(first, "");
  assert.equal(others.join("").match(/^ss\{/gm)?.length, 1_500);
});
