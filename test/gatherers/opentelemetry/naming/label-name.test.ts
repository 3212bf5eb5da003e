import assert from "node:assert/strict";
import { test } from "node:test";
import { labelNameOf } from "../../../../src/gatherers/opentelemetry/naming/label-name.ts";

const NAMES: Readonly<Record<string, string>> = {
  "http.request.method": "http_request_method",
  legal_name: "legal_name",
  a__b: "a_b",
  "a.-/b": "a_b",
  "a:b": "a_b",
  "1x": "key_1x",
  "1.x": "key_1_x",
  ".1x": "_1x",
  __name__: "_name_",
  _: "_",
  "..": "_",
  é: "_",
  "😀": "_",
  "": "",
};

for (const [key, name] of Object.entries(NAMES)) {
  test(`labelNameOf() calls ${JSON.stringify(key)} ${JSON.stringify(name)}`, () => {
    assert.equal(labelNameOf(key, true), name);
    assert.equal(labelNameOf(key, false), key);
  });
}
