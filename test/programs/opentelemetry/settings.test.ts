import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type OriginalSettings,
  originalSettingsOf,
  strategyIn,
} from "../../../src/programs/opentelemetry/settings.ts";

/** The classes of three generations, as far as they differ. */
class Exporter {
  static readonly DEFAULT_OPTIONS: object = {
    withResourceConstantLabels: undefined,
    withoutScopeInfo: false,
  };
  readonly _appendTimestamp = false;
}
class FutureExporter {}

/** The fields of an exporter without options, up to 0.223. */
const FIELDS = {
  _host: undefined,
  _port: 9464,
  _endpoint: "/metrics",
  _serializer: { _withoutScopeInfo: false, _withoutTargetInfo: false },
};

const DEFAULTS: OriginalSettings = {
  host: undefined,
  port: 9464,
  path: "/metrics",
  mapping: {
    prefix: undefined,
    scopeInfoEnabled: true,
    targetInfoEnabled: true,
    resourceConstantLabels: undefined,
    unitSuffixes: false,
  },
  namesByInstrument: false,
};

/** Fields of exporters, and what they mean. */
const CASES: Readonly<
  Record<string, readonly [fields: object, expected: Partial<OriginalSettings>]>
> = {
  "the defaults up to 0.223": [{}, {}],
  "the default host since 0.300": [{ _host: "localhost" }, { host: "localhost" }],
  "an address": [
    { _host: "::1", _port: 1 },
    { host: "::1", port: 1 },
  ],
  "a port as text": [{ _port: "9465" }, { port: 9465 }],
  "another path": [{ _endpoint: "/m" }, { path: "/m" }],
  "a prefix": [
    { _serializer: { _prefix: "my_app_" } },
    { mapping: { ...DEFAULTS.mapping, prefix: "my_app" } },
  ],
  "switches and labels": [
    {
      _serializer: {
        _withoutScopeInfo: true,
        _withoutTargetInfo: true,
        _withResourceConstantLabels: /^service/,
      },
    },
    {
      mapping: {
        ...DEFAULTS.mapping,
        scopeInfoEnabled: false,
        targetInfoEnabled: false,
        resourceConstantLabels: /^service/,
      },
    },
  ],
};

for (const [name, [fields, expected]] of Object.entries(CASES)) {
  test(`originalSettingsOf() reads ${name}`, () => {
    const exporter = Object.assign(new Exporter(), FIELDS, fields);
    assert.deepEqual(originalSettingsOf(exporter, undefined), { ...DEFAULTS, ...expected });
  });
}

test("originalSettingsOf() falls back to the specification for fields that are missing", () => {
  const expected = { ...DEFAULTS, host: "localhost" };
  assert.deepEqual(originalSettingsOf(new FutureExporter(), undefined), expected);
});

test("originalSettingsOf() adds nothing to the names and labels of old exporters", () => {
  const read = (DEFAULT_OPTIONS: object, strategy?: "NoTranslation") => {
    const exporter = { constructor: { DEFAULT_OPTIONS } };
    const { mapping, namesByInstrument } = originalSettingsOf(exporter, strategy);
    return { scopes: mapping.scopeInfoEnabled, namesByInstrument };
  };
  // 0.57, 0.200 and 0.209.
  assert.deepEqual(read({ port: 9464 }), { scopes: false, namesByInstrument: true });
  const newer = { withResourceConstantLabels: undefined };
  assert.deepEqual(read(newer), { scopes: false, namesByInstrument: false });
  const newest = { ...newer, withoutScopeInfo: false };
  assert.deepEqual(read(newest), { scopes: true, namesByInstrument: false });
  // A strategy decides about names.
  assert.deepEqual(read({}, "NoTranslation"), { scopes: false, namesByInstrument: false });
});

test("originalSettingsOf() takes the names of a strategy, with units", () => {
  const { mapping } = originalSettingsOf(new Exporter(), "NoTranslation");
  const { unitSuffixes, ...others } = DEFAULTS.mapping;
  assert.deepEqual(mapping, { ...others, translationStrategy: "NoTranslation" });
});

test("strategyIn() reads the variable", () => {
  const read = (text: string) => strategyIn({ PROMHTTP_OTEL_TRANSLATION_STRATEGY: text });
  assert.equal(strategyIn({}), undefined);
  assert.equal(read(""), undefined);
  assert.equal(read("NoTranslation"), "NoTranslation");
  assert.throws(() => read("notranslation"), {
    name: "RangeError",
    message:
      "Environment variable PROMHTTP_OTEL_TRANSLATION_STRATEGY must be UnderscoreEscapingWithSuffixes, " +
      "UnderscoreEscapingWithoutSuffixes, NoUTF8EscapingWithSuffixes or NoTranslation, " +
      'got "notranslation"',
  });
});
