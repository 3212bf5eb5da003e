import assert from "node:assert/strict";
import { test } from "node:test";
import type { FamilyEncoder } from "../../../src/exposition/encoder.ts";
import { BlockStore } from "../../../src/exposition/kept/store.ts";
import { CHUNK_LENGTH } from "../../../src/exposition/text/byte-sink.ts";
import { createTextFormatEncoder, type TextFamilies } from "../../../src/exposition/text/encode.ts";
import { createOpenMetricsEncoder } from "../../../src/exposition/text/openmetrics.ts";
import { createTextEncoder } from "../../../src/exposition/text/text.ts";
import type {
  HistogramMetric,
  MetricFamily,
  ValueMetric,
} from "../../../src/model/metric-family.ts";
import { encodeChunks, encodeFamilies } from "../../helpers/scraping/encode-families.ts";
import { TRUSTED_LABELS } from "../trusted-labels.ts";

/** Writes `=` and the value; skips negative ones. */
const ENCODER: FamilyEncoder = {
  labels: TRUSTED_LABELS,
  preamble: "preamble\n",
  encode: (metric, sink) => {
    // The families below hold plain values alone.
    const { value } = metric as ValueMetric;
    if (value < 0) return false;
    sink.text("=");
    sink.number(value);
    sink.text("\n");
    return true;
  },
  listNumbers: () => -1,
  hasSameNumbers: () => false,
};

test("createTextFormatEncoder() writes everything in one chunk if it fits", () => {
  const families = [familyOf("a", [1, 2.5]), familyOf("b", []), familyOf("c", [Number.NaN])];
  assert.deepEqual(chunksOf(families, "end\n"), [
    "preamble\n=1\n=2.5\npreamble\npreamble\n=NaN\nend\n",
  ]);
});

test("createTextFormatEncoder() writes the end even without families", () => {
  assert.deepEqual(chunksOf([], "# EOF\n"), ["# EOF\n"]);
});

test("createTextFormatEncoder() yields no chunk if there is nothing to write", () => {
  assert.deepEqual(chunksOf([], ""), []);
});

test("createTextFormatEncoder() reports each metric that is skipped", () => {
  const faults: string[] = [];
  const { encode } = createTextFormatEncoder({ prepare, end: "" });
  const steps = encode([familyOf("a", [-1, 5, -2])], (name, reason) =>
    faults.push(`${name}: ${reason}`),
  );
  assert.equal(Buffer.from(steps.next().value).toString(), "preamble\n=5\n");
  assert.ok(steps.next().done);
  assert.deepEqual(faults, ["a: a value is not a number", "a: a value is not a number"]);
});

test("createTextFormatEncoder() cuts chunks between metrics", () => {
  const count = CHUNK_LENGTH;
  const values = Array.from({ length: count }, (_, index) => index % 10);
  const chunks = chunksOf([familyOf("a", values)], "end\n");
  assert.equal(chunks.length, 4);
  for (const chunk of chunks) {
    assert.ok(chunk.length <= CHUNK_LENGTH + 2);
    assert.ok(chunk.endsWith("\n"));
  }
  assert.equal(chunks.join(""), `preamble\n${values.map((value) => `=${value}\n`).join("")}end\n`);
});

test("createTextFormatEncoder() reads metrics only for the chunk that is asked for", () => {
  let read = 0;
  const metrics = {
    *[Symbol.iterator]() {
      for (; ; read++) yield { labels: {}, value: 1 };
    },
  };
  const family: MetricFamily = { name: "a", help: "", type: "gauge", metrics };
  const steps = createTextFormatEncoder({ prepare, end: "" }).encode([family], assert.fail);
  assert.equal(read, 0);
  steps.next();
  assert.ok(read > 0 && read < CHUNK_LENGTH);
  steps.return?.();
});

test("createTextFormatEncoder() propagates errors thrown by a metric", () => {
  const metrics = {
    // biome-ignore lint/correctness/useYield: It throws before it has anything to yield.
    *[Symbol.iterator](): Generator<ValueMetric> {
      throw new Error("no luck");
    },
  };
  const broken = { ...familyOf("a", []), metrics };
  const steps = createTextFormatEncoder({ prepare, end: "" }).encode([broken], assert.fail);
  assert.throws(() => steps.next(), { message: "no luck" });
});

test("createTextFormatEncoder() sends valid UTF-8 whatever the text", () => {
  assert.deepEqual(chunksOf([], "é😱\ud800\n"), ["é😱\ufffd\n"]);
});

function familyOf(name: string, values: readonly number[]): MetricFamily & { type: "gauge" } {
  const metrics = values.map((value) => ({ labels: {}, value }));
  return { name, help: "", type: "gauge", metrics };
}

function prepare(families: readonly MetricFamily[]): TextFamilies {
  return { served: families.map((family) => ({ family, encoder: ENCODER })), skipped: [] };
}

function chunksOf(families: readonly MetricFamily[], end: string): string[] {
  const chunks: string[] = [];
  const steps = createTextFormatEncoder({ prepare, end }).encode(families, assert.fail);
  for (let step = steps.next(); step.done !== true; step = steps.next()) {
    chunks.push(Buffer.from(step.value).toString());
  }
  return chunks;
}

test("createTextFormatEncoder() writes a label set of any size in one piece", () => {
  const preamble = "é".repeat(CHUNK_LENGTH * 2);
  const families = [familyOf("a", [1]), familyOf("b", [2])];
  const large: FamilyEncoder = { ...ENCODER, preamble };
  const format = {
    prepare: () => ({
      served: families.map((family, index) => ({ family, encoder: index === 0 ? ENCODER : large })),
      skipped: [],
    }),
    end: "",
  };
  const store = new BlockStore(1e9);
  const encoder = createTextFormatEncoder(format, store);
  for (let scrape = 0; scrape < 3; scrape++) {
    const steps = encoder.encode(families, assert.fail);
    const chunks: Buffer[] = [];
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      chunks.push(Buffer.from(step.value));
    }
    assert.equal(Buffer.concat(chunks).toString(), `preamble\n=1\n${preamble}=2\n`);
  }
});

for (const create of [createTextEncoder, createOpenMetricsEncoder]) {
  test(`${create.name}() keeps no lines that depend on numbers, and no fault`, () => {
    const NO = Number.NaN;
    const upperBounds = [1, 2];
    let scrape = 0;
    const odds: readonly Partial<HistogramMetric>[] = [
      {},
      { sum: NO },
      { upperBounds: [1, NO] },
      { cumulativeCounts: [2, NO] },
      { cumulativeCounts: [3, 2] },
      { upperBounds: [2, 1], cumulativeCounts: [3, 2] },
      { count: NO },
      { upperBounds: [NO, 1, 2], cumulativeCounts: [1, 2, 3] },
    ];
    const encoder = create("underscores", new BlockStore(2 ** 20));
    let odd: Partial<HistogramMetric> = {};
    let identities = [{}, {}, {}];
    const read = () =>
      identities.map((identity, index) => {
        const totals = { count: scrape + 4, sum: scrape };
        const buckets = { upperBounds, cumulativeCounts: [2, 3] };
        const metric = { labels: { index }, identity, ...totals, ...buckets };
        return index === 1 ? { ...metric, ...odd } : metric;
      });
    const metrics = { [Symbol.iterator]: () => read().values() };
    const families: MetricFamily[] = [{ name: "h", help: "", type: "histogram", metrics }];
    for (const first of odds) {
      for (const second of odds) {
        for (odd of [first, second]) {
          scrape++;
          assert.deepEqual(
            encodeFamilies(encoder, families),
            encodeFamilies(create("underscores"), families),
          );
        }
        // The metrics are others now, with the same text.
        identities = [{}, {}, {}];
      }
    }
  });
}

/** A family whose metrics may change while a scrape is paused. */
function livingFamily(count: number, hasUniqueLabels: boolean) {
  const list = Array.from({ length: count }, (_, set): ValueMetric => {
    return { identity: set, labels: { set, padding: "x".repeat(50) }, value: set };
  });
  const metrics = {
    *[Symbol.iterator]() {
      for (let index = 0; index < list.length; index++) yield list[index] as ValueMetric;
    },
  };
  const family: MetricFamily = { name: "a", help: "", type: "gauge", hasUniqueLabels, metrics };
  return { list, family };
}

for (const hasUniqueLabels of [false, true]) {
  for (const labels of [
    { set: 5, padding: "x".repeat(50) },
    { set: "5", padding: "x".repeat(50), empty: "" },
  ]) {
    // Without the empty label the gatherer would break its promise.
    if (hasUniqueLabels && !("empty" in labels)) continue;
    test(`a label set that comes again while a scrape is paused is served once (${hasUniqueLabels}, ${Object.keys(labels)})`, () => {
      const { list, family } = livingFamily(4_000, hasUniqueLabels);
      const encoder = createTextEncoder("underscores", new BlockStore(1e9));
      for (let scrape = 0; scrape < 3; scrape++) encodeFamilies(encoder, [family]);
      const faults: string[] = [];
      const steps = encodeChunks(encoder, [family], (name, reason) =>
        faults.push(`${name}: ${reason}`),
      );
      let text = Buffer.from(steps.next().value ?? []).toString();
      list.push({ identity: "new", labels, value: 7 });
      // Another scrape writes it into the blocks that the first one then finds.
      const other = encodeFamilies(encoder, [family]);
      for (const chunk of steps) text += Buffer.from(chunk);
      for (const body of [text, other.body]) {
        assert.deepEqual(body.match(/^a\{set="5",.*$/gm), [
          `a{set="5",padding="${"x".repeat(50)}"} 5`,
        ]);
      }
      assert.deepEqual(faults, ["a: two metrics have the same labels; kept the first"]);
      assert.deepEqual(other.faults, faults);
    });
  }
}

test("createTextFormatEncoder() pauses while all metrics are skipped", () => {
  const metrics = {
    *[Symbol.iterator]() {
      for (;;) yield { labels: {}, value: 1 };
    },
  };
  const family: MetricFamily = { name: "a", help: "", type: "gauge", metrics };
  const steps = createTextEncoder("underscores").encode([family], () => {});
  for (let step = 0; step < 5; step++) assert.deepEqual(steps.next().value?.length, 0);
  steps.return?.();
});

test("createTextFormatEncoder() reads no labels of metrics that are those of the last scrape", () => {
  let read = 0;
  const metrics = Array.from({ length: 10 }, (_, set) => ({
    identity: set,
    get labels() {
      read++;
      return { set };
    },
    value: set,
  }));
  const family: MetricFamily = { name: "a", help: "", type: "gauge", metrics };
  const encoder = createTextEncoder("underscores", new BlockStore(1e9));
  const readIn = () => {
    read = 0;
    encodeFamilies(encoder, [family]);
    return read;
  };
  assert.deepEqual([readIn(), readIn(), readIn()], [11, 11, 0]);
});

for (const create of [createTextEncoder, createOpenMetricsEncoder]) {
  test(`${create.name}() remembers families only where scrapes are to come that ask for the same`, () => {
    for (const selection of ["", undefined]) {
      let reads = 0;
      const family: MetricFamily = {
        name: "a",
        get help() {
          reads++;
          return "";
        },
        type: "gauge",
        metrics: [],
      };
      const encoder = create("allow-utf-8");
      const encode = (families: readonly MetricFamily[]) =>
        Array.from({
          [Symbol.iterator]: () => encoder.encode(families, assert.fail, { selection }),
        });
      encode([family]);
      const first = reads;
      encode([family, familyOf("b", [])]);
      assert.equal(reads > first, selection === undefined);
    }
  });
}
