// `npm run bench:micro`: the hot functions, alone. Of 1,000 lines, microseconds are nanoseconds a line.
//
// A name after it picks what is measured: npm run bench:micro -- block
import { bench, do_not_optimize, group, run } from "mitata";
import { negotiateFormat } from "../src/exposition/formats.ts";
import { BlockStore } from "../src/exposition/kept/store.ts";
import { memoiseByHeader } from "../src/exposition/negotiation/memo.ts";
import { formatNumber, writeNumber } from "../src/exposition/number.ts";
import { LabelEncoder } from "../src/exposition/text/labels.ts";
import { createTextEncoder } from "../src/exposition/text/text.ts";
import { Sender } from "../src/gatherers/remote/sender.ts";

const LINES = 1_000;
const KEPT_BYTES = 2 ** 26;

const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LINES_PER_HISTOGRAM = bounds.length + 3;
const labelsOf = (id) => ({ method: "GET", route: `/api/v1/items/${id}`, status: "200" });

const FAMILIES = {
  counter: familyOf("counter", LINES, (id) => ({ value: id * 7 })),
  gauge: familyOf("gauge", LINES, (id) => ({ value: Math.sqrt(id) })),
  histogram: familyOf("histogram", Math.round(LINES / LINES_PER_HISTOGRAM), (id) => ({
    upperBounds: bounds,
    cumulativeCounts: bounds.map((_, index) => id * index),
    count: id * bounds.length,
    sum: Math.sqrt(id),
  })),
};

group(() => {
  for (const [type, family] of Object.entries(FAMILIES)) {
    bench(`${LINES} ${type} lines, fresh`, () => {
      encode(createTextEncoder("underscores"), family);
    });
    bench(`${LINES} ${type} lines, fresh, with labels to compare`, () => {
      encode(createTextEncoder("underscores"), { ...family, hasUniqueLabels: false });
    });
    for (const share of [0, 0.1]) {
      bench(`${LINES} ${type} lines, block with ${share * 100} % changed`, function* () {
        const encoder = createTextEncoder("underscores", new BlockStore(KEPT_BYTES));
        // A family's blocks are kept from the second scrape on.
        for (let scrape = 0; scrape < 3; scrape++) encode(encoder, family);
        yield () => {
          touch(family, share);
          encode(encoder, family);
        };
      });
    }
  }
});

group(() => {
  for (const [type, family] of Object.entries(FAMILIES)) {
    bench(`snapshot of ${LINES} ${type} lines, the first`, () => take(new Sender(), family));
    bench(`snapshot of ${LINES} ${type} lines, 10 % changed`, function* () {
      const sender = new Sender();
      take(sender, family);
      yield () => {
        touch(family, 0.1);
        take(sender, family);
      };
    });
    bench(`snapshot of ${LINES} ${type} lines, made anew`, function* () {
      const sender = new Sender();
      yield () => take(sender, { ...family });
    });
  }
});

const PROMETHEUS =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";

group(() => {
  const memoised = memoiseByHeader((header) => negotiateFormat(header));
  bench("negotiation", () => do_not_optimize(negotiateFormat(PROMETHEUS)));
  bench("negotiation, memoised", () => do_not_optimize(memoised(PROMETHEUS)));
});

group(() => {
  const bytes = new Uint8Array(32);
  const numbers = { int: (id) => id * 997, double: (id) => Math.sqrt(id + 2) };
  for (const [kind, make] of Object.entries(numbers)) {
    const values = Array.from({ length: LINES }, (_, id) => make(id));
    bench(`writeNumber, ${LINES} ${kind}s`, () => {
      for (const value of values) writeNumber(bytes, 0, value);
    });
    bench(`formatNumber, ${LINES} ${kind}s`, () => {
      for (const value of values) do_not_optimize(formatNumber(value));
    });
  }
});

group(() => {
  const labelSets = Array.from({ length: LINES }, (_, id) => labelsOf(id));
  const dotted = labelSets.map(({ route }) => ({ "http.route": route, quoted: '"\n' }));
  const trusting = new LabelEncoder("underscores", true);
  const comparing = new LabelEncoder("underscores", false);
  bench(`${LINES} label sets`, () => {
    for (const labels of labelSets) do_not_optimize(trusting.encode(labels));
  });
  bench(`${LINES} label sets to compare`, () => {
    for (const labels of labelSets) do_not_optimize(comparing.hold(labels));
  });
  bench(`${LINES} label sets to escape`, () => {
    for (const labels of dotted) do_not_optimize(comparing.hold(labels));
  });
});

await run({ filter: new RegExp(process.argv[2] ?? "") });

function familyOf(type, count, pointOf) {
  const metrics = Array.from({ length: count }, (_, id) => ({
    identity: `${type} ${id}`,
    labels: labelsOf(id),
    ...pointOf(id),
  }));
  return { name: `a_${type}`, help: "Help.", type, hasUniqueLabels: true, metrics };
}

function fail(name, reason) {
  throw new Error(`${name}: ${reason}`);
}

function encode(encoder, family) {
  const chunks = encoder.encode([family], fail, { selection: "" });
  while (!chunks.next().done);
}

function take(sender, family) {
  const steps = sender.take([family], { isPartial: false, report: fail });
  while (!steps.next().done);
}

/** Changes a share of the label sets, as an application does between two scrapes. */
function touch({ metrics }, share) {
  for (let index = 0; index < metrics.length * share; index++) {
    const metric = metrics[Math.floor(index / share)];
    if (metric.value !== undefined) {
      metric.value += 1;
      continue;
    }
    metric.cumulativeCounts[bounds.length - 1] += 1;
    metric.count += 1;
    metric.sum += 0.5;
  }
}
