import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { resolveRenderOptions } from "../../src/options/render-rules.ts";
import { resolveHandlerOptions, resolveOptions } from "../../src/options/rules.ts";
import type { WorkersSettings } from "../../src/options/workers.ts";

type Given = Parameters<typeof resolveOptions>[0];

const DEFAULTS: WorkersSettings = {
  mode: "aggregate",
  label: "worker",
  defaultMetrics: "perWorker",
  summaries: "perWorker",
  group: undefined,
  missing: "serve",
  aggregators: new Map(),
  patienceMs: undefined,
  onJoined: undefined,
};

const GOOD: readonly (readonly [workers: unknown, expected: WorkersSettings | undefined])[] = [
  [undefined, undefined],
  [false, undefined],
  [true, DEFAULTS],
  [{}, DEFAULTS],
  [{ mode: undefined, label: undefined, aggregators: undefined }, DEFAULTS],
  ["label", { ...DEFAULTS, mode: "label" }],
  [
    { mode: "label", label: "slot" },
    { ...DEFAULTS, mode: "label", label: "slot" },
  ],
  [{ defaultMetrics: "aggregate" }, { ...DEFAULTS, defaultMetrics: "aggregate" }],
  [{ summaries: "sum" }, { ...DEFAULTS, summaries: "sum" }],
  [{ missing: "fail" }, { ...DEFAULTS, missing: "fail" }],
  [{ group: "shop/eu 😀" }, { ...DEFAULTS, group: "shop/eu 😀" }],
  [
    { aggregators: { queue: "max", "a.b": "mostRecent", odd: "perWorker" } },
    {
      ...DEFAULTS,
      aggregators: new Map([
        ["queue", "max"],
        ["a.b", "mostRecent"],
        ["odd", "perWorker"],
      ]),
    },
  ],
  // Inherited entries have not been checked.
  [Object.create({ mode: "label" }), DEFAULTS],
];

for (const [workers, expected] of GOOD) {
  test(`the option workers may be ${inspect(workers)}`, () => {
    const options = { workers } as Given;
    assert.deepEqual(resolveOptions(options).workers, expected);
    assert.deepEqual(resolveHandlerOptions(options).workers, expected);
  });
}

const MODES = '"aggregate" or "label"';

const BAD: readonly (readonly [workers: unknown, type: string, message: string])[] = [
  [null, "TypeError", 'Option "workers" must be true, false, "label" or an object, got null'],
  [4, "TypeError", 'Option "workers" must be true, false, "label" or an object, got 4'],
  ["sum", "TypeError", 'Option "workers" must be true, false, "label" or an object, got "sum"'],
  [{ modes: "label" }, "TypeError", 'Unknown option "workers.modes"'],
  [{ mode: "sum" }, "RangeError", `Option "workers.mode" must be ${MODES}, got "sum"`],
  [{ mode: true }, "TypeError", 'Option "workers.mode" must be a string, got true'],
  [
    { defaultMetrics: "omit" },
    "RangeError",
    'Option "workers.defaultMetrics" must be "perWorker" or "aggregate", got "omit"',
  ],
  [
    { summaries: "average" },
    "RangeError",
    'Option "workers.summaries" must be "perWorker" or "sum", got "average"',
  ],
  [
    { missing: "wait" },
    "RangeError",
    'Option "workers.missing" must be "serve" or "fail", got "wait"',
  ],
  [
    { group: "" },
    "RangeError",
    'Option "workers.group" must be a string that is not empty, got ""',
  ],
  [{ group: 7 }, "TypeError", 'Option "workers.group" must be a string, got 7'],
  ...["my-label", "", "le", "quantile", "__name__"].map(
    (label) =>
      [
        { label },
        "RangeError",
        `Option "workers.label" must be a label name that no format reserves, got "${label}"`,
      ] as const,
  ),
  [
    { aggregators: "sum" },
    "TypeError",
    'Option "workers.aggregators" must be an object, got "sum"',
  ],
  [{ aggregators: null }, "TypeError", 'Option "workers.aggregators" must be an object, got null'],
  [
    { aggregators: { queue: "median" } },
    "RangeError",
    'Option "workers.aggregators.queue" must be "sum" or "min" or "max" or "average" or "first" or "omit" or "perWorker" or "mostRecent", got "median"',
  ],
  [
    { aggregators: { queue: 1 } },
    "TypeError",
    'Option "workers.aggregators.queue" must be a string, got 1',
  ],
];

for (const [workers, name, message] of BAD) {
  test(`the option workers may not be ${inspect(workers)}`, () => {
    const options = { workers } as Given;
    for (const resolve of [resolveOptions, resolveHandlerOptions]) {
      assert.throws(() => resolve(options), { name, message });
    }
  });
}

test("render() has no workers: it renders what one process has", () => {
  const options = { workers: true } as Parameters<typeof resolveRenderOptions>[0];
  assert.throws(() => resolveRenderOptions(options), {
    name: "TypeError",
    message: 'Option "workers" belongs to a server and createHandler(), not to render()',
  });
});
