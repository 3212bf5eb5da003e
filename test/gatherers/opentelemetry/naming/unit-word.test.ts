import assert from "node:assert/strict";
import { test } from "node:test";
import { unitWord } from "../../../../src/gatherers/opentelemetry/naming/unit-word.ts";

const WORDS: Readonly<Record<string, string>> = {
  "": "",
  "1": "",
  d: "days",
  h: "hours",
  min: "minutes",
  s: "seconds",
  ms: "milliseconds",
  us: "microseconds",
  ns: "nanoseconds",
  wk: "weeks",
  mo: "months",
  a: "years",
  By: "bytes",
  KiBy: "kibibytes",
  MiBy: "mebibytes",
  GiBy: "gibibytes",
  TiBy: "tebibytes",
  kBy: "kilobytes",
  KBy: "kilobytes",
  MBy: "megabytes",
  GBy: "gigabytes",
  TBy: "terabytes",
  m: "meters",
  V: "volts",
  A: "amperes",
  J: "joules",
  W: "watts",
  g: "grams",
  Cel: "celsius",
  Hz: "hertz",
  "%": "percent",
  "%/s": "percent_per_second",
  "m/s": "meters_per_second",
  "By/ms": "bytes_per_millisecond",
  "By/m": "bytes_per_meter",
  "By/w": "bytes_per_week",
  "By/y": "bytes_per_year",
  "km/h": "km_per_hour",
  "1/s": "per_second",
  "/s": "per_second",
  "s/": "seconds",
  "m/s/s": "meters_per_s_s",
  " By / s ": "bytes_per_second",
  "{req}/s": "per_second",
  "By/{op}": "bytes",
  "{packet}By": "bytes",
  "{a}/{b}": "",
  "{a}": "",
  "{a": "a",
  "m^2": "m_2",
  _a__b_: "a_b",
  "°": "",
  requests: "requests",
  constructor: "constructor",
};

for (const [unit, word] of Object.entries(WORDS)) {
  test(`unitWord() returns ${JSON.stringify(word)} for ${JSON.stringify(unit)}`, () => {
    assert.equal(unitWord(unit, false), word);
  });
}

test("unitWord() returns a ratio for a gauge that has the unit 1", () => {
  assert.equal(unitWord("1", true), "ratio");
  assert.equal(unitWord("1{request}", true), "");
  assert.equal(unitWord("1/s", true), "per_second");
  assert.equal(unitWord("", true), "");
});
