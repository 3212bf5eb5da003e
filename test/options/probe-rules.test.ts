import assert from "node:assert/strict";
import { test } from "node:test";
import { isProbe } from "../../src/model/probe.ts";
import { checkProbe } from "../../src/options/probe-rules.ts";

const probe = () => [];

const LEGAL: readonly [name: string, value: object][] = [
  ["a probe with a rule", { probe, allow: "any" }],
  ["a function as its rule", { probe, allow: () => true }],
  ["several rules", { probe, allow: ["*.lan", () => false] }],
  ["a time for every module", { probe, allow: "any", timeoutMs: 1 }],
  ["a time for a module", { probe, allow: "any", modules: ["a", "b"], timeoutMs: { b: 1 } }],
  ["entries that are undefined", { probe, allow: "any", modules: undefined, onFailure: undefined }],
  [
    "an object of a class with more than a probe",
    new (class {
      readonly allow = "any";
      readonly other = 1;
      probe() {}
    })(),
  ],
];

for (const [name, value] of LEGAL) {
  test(`checkProbe() takes ${name}`, () => {
    assert.equal(isProbe(value), true);
    checkProbe("probe", value);
  });
}

const ILLEGAL: readonly [value: unknown, message: RegExp, type?: ErrorConstructor][] = [
  [null, /Option "p" must be an object, got null/],
  [{ allow: "any" }, /"p.probe" must be a function/],
  [{ probe: 1, allow: "any" }, /"p.probe" must be a function/],
  [{ probe }, /"p.allow" must say which targets may be asked/],
  [{ probe, allow: [] }, /"p.allow" must be one or more rules, each once/, RangeError],
  [{ probe, allow: [/a/] }, /"p.allow" must be one or more rules, each once/, RangeError],
  [{ probe, allow: "any", alow: "any" }, /Unknown option "p.alow"/],
  [{ probe, allow: "any", modules: [] }, /"p.modules" must be one or more names/, RangeError],
  [{ probe, allow: "any", modules: "a" }, /"p.modules" must be an array/],
  [{ probe, allow: "any", modules: ["a", ""] }, /"p.modules" must be one or more/, RangeError],
  [{ probe, allow: "any", modules: ["a", "a"] }, /"p.modules" must be .*, each once/, RangeError],
  [{ probe, allow: "any", params: [1] }, /"p.params" must be one or more names/, RangeError],
  [{ probe, allow: "any", params: ["target"] }, /"p.params" must be .* other than/, RangeError],
  [{ probe, allow: "any", params: ["name[]"] }, /"p.params" must be .* other than/, RangeError],
  [{ probe, allow: "any", maxPerTarget: 0 }, /"p.maxPerTarget" must be an integer/, RangeError],
  [{ probe, allow: "any", maxInFlight: 0.5 }, /"p.maxInFlight" must be an integer/, RangeError],
  [{ probe, allow: "any", maxInFlight: "1" }, /"p.maxInFlight" must be a number/],
  [{ probe, allow: "any", timeoutMs: 0 }, /"p.timeoutMs" must be an integer/, RangeError],
  [{ probe, allow: "any", timeoutMs: null }, /"p.timeoutMs" must be a number/],
  [{ probe, allow: "any", timeoutMs: { a: 1 } }, /"p.timeoutMs" must be a number/],
  [{ probe, allow: "any", modules: ["a"], timeoutMs: { b: 1 } }, /Unknown option "p.timeoutMs.b"/],
  [
    { probe, allow: "any", modules: ["a"], timeoutMs: { a: "1" } },
    /"p.timeoutMs.a" must be a number/,
  ],
  [{ probe, allow: "any", onFailure: "throw" }, /"p.onFailure" must be "report" or/, RangeError],
];

for (const [value, message, type = TypeError] of ILLEGAL) {
  test(`checkProbe() throws that ${message.source}`, () => {
    assert.throws(
      () => checkProbe("p", value),
      (error) => error instanceof type && message.test(error.message),
    );
  });
}

for (const value of [undefined, null, 5, "probe", {}, { probe: 1 }, [], { gather: probe }]) {
  test(`isProbe() is false for ${JSON.stringify(value)}`, () => {
    assert.equal(isProbe(value), false);
  });
}
