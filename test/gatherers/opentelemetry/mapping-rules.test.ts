import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { resolveMapping } from "../../../src/gatherers/opentelemetry/mapping-rules.ts";

test("resolveMapping() fills in the defaults of the specification", () => {
  assert.deepEqual(resolveMapping(), {
    translation: { prefix: "", escapes: true, hasSuffixes: true, hasUnits: true },
    namesByInstrument: false,
    hasScopeInfo: true,
    hasTargetInfo: true,
    isConstantLabel: undefined,
    hasClassicBuckets: true,
    producers: [],
  });
});

test("resolveMapping() takes each option", () => {
  const producer = { collect: () => Promise.reject(new Error("not called")) };
  const { isConstantLabel, ...mapping } = resolveMapping({
    prefix: "my",
    translationStrategy: "NoTranslation",
    unitSuffixes: false,
    scopeInfoEnabled: false,
    targetInfoEnabled: false,
    resourceConstantLabels: (key) => key === "a",
    exponentialHistograms: "native",
    metricProducers: [producer],
  });
  assert.deepEqual(mapping, {
    translation: { prefix: "my", escapes: false, hasSuffixes: false, hasUnits: false },
    namesByInstrument: false,
    hasScopeInfo: false,
    hasTargetInfo: false,
    hasClassicBuckets: false,
    producers: [producer],
  });
  assert.deepEqual(
    ["a", "b"].map((key) => isConstantLabel?.(key)),
    [true, false],
  );
});

test("resolveMapping() takes a regular expression of another realm", () => {
  const resourceConstantLabels = runInNewContext("/^a/g") as RegExp;
  const { isConstantLabel } = resolveMapping({ resourceConstantLabels });
  assert.deepEqual(
    ["a", "ab", "b"].map((key) => isConstantLabel?.(key)),
    [true, true, false],
  );
});

test("resolveMapping() refuses options that it cannot use", () => {
  const strategies =
    '"UnderscoreEscapingWithSuffixes" or "UnderscoreEscapingWithoutSuffixes" or "NoUTF8EscapingWithSuffixes" or "NoTranslation"';
  const table: [options: object, message: string][] = [
    [{ translationStrategy: "x" }, `Option "translationStrategy" must be ${strategies}, got "x"`],
    [{ unitSuffixes: "no" }, 'Option "unitSuffixes" must be a boolean, got "no"'],
    [{ scopeInfoEnabled: 1 }, 'Option "scopeInfoEnabled" must be a boolean, got 1'],
    [{ targetInfoEnabled: 1 }, 'Option "targetInfoEnabled" must be a boolean, got 1'],
    [
      { exponentialHistograms: "classic" },
      'Option "exponentialHistograms" must be "both" or "native", got "classic"',
    ],
    [
      { resourceConstantLabels: "a" },
      'Option "resourceConstantLabels" must be { included, excluded }, a RegExp or a function, got "a"',
    ],
    [
      { resourceConstantLabels: ["a"] },
      "Option \"resourceConstantLabels\" must be { included, excluded }, a RegExp or a function, got [ 'a' ]",
    ],
    [
      { resourceConstantLabels: { included: [] } },
      'Option "resourceConstantLabels.included" must be an array of one or more strings, got []',
    ],
    [
      { resourceConstantLabels: { excluded: [5] } },
      'Option "resourceConstantLabels.excluded" must be an array of one or more strings, got [ 5 ]',
    ],
    [
      { resourceConstantLabels: { include: ["a"] } },
      'Unknown option "resourceConstantLabels.include"',
    ],
    [
      { metricProducers: [{}] },
      'Option "metricProducers" must be an array of objects with collect(), got [ {} ]',
    ],
    [{ unit: true }, 'Unknown option "unit"'],
  ];
  for (const [options, message] of table) assert.throws(() => resolveMapping(options), { message });
});
