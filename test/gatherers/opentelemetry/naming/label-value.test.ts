import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { labelValueOf } from "../../../../src/gatherers/opentelemetry/naming/label-value.ts";

const circular: unknown[] = [];
circular.push(circular);

const hostile = new Proxy(
  {},
  {
    get() {
      throw new Error("hostile");
    },
  },
);

const VALUES: readonly { readonly of: string; readonly value: unknown; readonly text: string }[] = [
  { of: "a string", value: 'a "b"\n', text: 'a "b"\n' },
  { of: "an empty string", value: "", text: "" },
  { of: "a number", value: 1.5, text: "1.5" },
  { of: "a large number", value: 1e21, text: "1e+21" },
  { of: "minus zero", value: -0, text: "0" },
  { of: "NaN", value: Number.NaN, text: "NaN" },
  { of: "Infinity", value: Number.POSITIVE_INFINITY, text: "Infinity" },
  { of: "-Infinity", value: Number.NEGATIVE_INFINITY, text: "-Infinity" },
  { of: "a boolean", value: true, text: "true" },
  { of: "a bigint", value: 2n ** 64n, text: "18446744073709551616" },
  { of: "null", value: null, text: "" },
  { of: "undefined", value: undefined, text: "" },
  { of: "a symbol", value: Symbol("s"), text: "" },
  { of: "a function", value: () => 1, text: "" },
  { of: "an array", value: ["x", 1, Number.NaN, null, true], text: '["x",1,"NaN",null,true]' },
  { of: "a map", value: { a: [1], b: { c: -1 / 0 } }, text: '{"a":[1],"b":{"c":"-Infinity"}}' },
  { of: "a map with a bigint", value: { a: 2n ** 64n }, text: '{"a":"18446744073709551616"}' },
  { of: "bytes", value: Uint8Array.of(1, 2, 255).subarray(1), text: "Av8=" },
  { of: "bytes of another realm", value: runInNewContext("Uint8Array.of(2, 255)"), text: "Av8=" },
  {
    of: "bytes in a map",
    value: { a: Uint8Array.of(1, 255), b: Buffer.from("b") },
    text: '{"a":"Af8=","b":"Yg=="}',
  },
  { of: "an array that contains itself", value: circular, text: "" },
  { of: "an object that throws", value: hostile, text: "" },
  { of: "an object whose JSON is nothing", value: { toJSON: () => undefined }, text: "" },
];

for (const { of, value, text } of VALUES) {
  test(`labelValueOf() returns ${JSON.stringify(text)} for ${of}`, () => {
    assert.equal(labelValueOf(value), text);
  });
}
