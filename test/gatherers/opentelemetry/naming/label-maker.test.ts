import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attributes } from "../../../../src/gatherers/opentelemetry/collected.ts";
import {
  LabelMaker,
  type LabelSources,
} from "../../../../src/gatherers/opentelemetry/naming/label-maker.ts";

const NOTHING: LabelSources = { escapes: true, isHistogram: false, scope: [], constant: [] };

function extra(name: string, text: string) {
  return { key: name, name, text };
}

const SCOPE = [extra("otel_scope_name", "s")];

test("labels are those of the attributes, the scope and the resource, in this order", () => {
  const sources = { ...NOTHING, scope: SCOPE, constant: [extra("service_name", "shop")] };
  const labels = new LabelMaker(sources).labelsOf({ b: 1, "a.b": true, none: null, no: "" });
  assert.deepEqual(Object.entries(labels), [
    ["b", "1"],
    ["a_b", "true"],
    ["otel_scope_name", "s"],
    ["service_name", "shop"],
  ]);
});

test("attributes of one label name are joined in the order of their keys", () => {
  const attributes = { "a.b": "2", a_b: "1", "a/b": "0", "1x": "d", __name__: "e" };
  const labels = new LabelMaker({ ...NOTHING, scope: SCOPE }).labelsOf({
    ...attributes,
    "otel.scope.name": "u",
  });
  assert.deepEqual(labels, { a_b: "2;0;1", key_1x: "d", _name_: "e", otel_scope_name: "u;s" });
});

test("an attribute with the key of a scope label comes before it", () => {
  const maker = new LabelMaker({ ...NOTHING, scope: SCOPE });
  assert.deepEqual(maker.labelsOf({ otel_scope_name: "u" }), { otel_scope_name: "u;s" });
  assert.deepEqual(maker.labelsOf({}), { otel_scope_name: "s" });
});

test("an attribute of a point overrides that of the resource", () => {
  const maker = new LabelMaker({ ...NOTHING, constant: [extra("service_name", "shop")] });
  assert.deepEqual(maker.labelsOf({ "service.name": "u" }), { service_name: "u" });
  assert.deepEqual(maker.labelsOf({ "service.name": "" }), { service_name: "shop" });
  assert.equal(maker.mayRepeat, true);
});

test("le is called exported_le on a histogram only", () => {
  const histogram = new LabelMaker({ ...NOTHING, isHistogram: true });
  assert.deepEqual(histogram.labelsOf({ le: "1", exported_le: "2" }), { exported_le: "2;1" });
  assert.deepEqual(new LabelMaker(NOTHING).labelsOf({ le: "1" }), { le: "1" });
});

test("keys stay as they are without escaping", () => {
  const labels = new LabelMaker({ ...NOTHING, escapes: false }).labelsOf(
    JSON.parse('{"a.b":1,"a_b":2,"__proto__":3}') as Attributes,
  );
  assert.deepEqual(Object.entries(labels), [
    ["a.b", "1"],
    ["a_b", "2"],
    ["__proto__", "3"],
  ]);
});

test("an attribute with an empty key has no label", () => {
  const maker = new LabelMaker(NOTHING);
  assert.deepEqual(maker.labelsOf({ a: 1 }), { a: "1" });
  assert.equal(maker.hasEmptyKey, false);
  assert.deepEqual(maker.labelsOf({ a: 1, "": 2 }), { a: "1" });
  assert.equal(maker.hasEmptyKey, true);
});

test("labels may repeat only after something that makes different attributes equal", () => {
  const table: [title: string, sets: Attributes[], mayRepeat: boolean][] = [
    ["values of one kind", [{ a: "1" }, { a: "2" }, { a: "3", b: 1 }, { b: 2 }], false],
    ["a string and a number", [{ a: "1" }, { a: 1 }], true],
    ["a string and a boolean", [{ a: "true" }, { a: true }], true],
    ["a string and a list", [{ a: "[1]" }, { a: [1] }], true],
    ["an empty value", [{ a: "" }], true],
    ["no value", [{ a: null }], true],
    ["two keys of one label, in one set", [{ "a.b": 1, a_b: 1 }], true],
    ["two keys of one label, in two sets", [{ "a.b": 1 }, { a_b: 1 }], true],
    ["an empty key", [{ "": 1 }], true],
    ["lists, whose texts may be equal", [{ a: [Number.NaN] }, { a: ["NaN"] }], true],
    ["a label that another scope may have", [{ otel_scope_version: "1" }], true],
    ["the key of the scope", [{ "otel.scope.name": "u" }], true],
  ];
  for (const [title, sets, mayRepeat] of table) {
    const maker = new LabelMaker({ ...NOTHING, scope: SCOPE });
    for (const attributes of sets) maker.labelsOf(attributes);
    assert.equal(maker.mayRepeat, mayRepeat, title);
  }
});
