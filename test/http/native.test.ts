import assert from "node:assert/strict";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { test } from "node:test";
import { isNative } from "../../src/http/native.ts";

const METHODS = ["writeHead", "write", "end"] as const;

function makeResponse(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()));
}

function nativesOf(response: object): readonly string[] {
  return METHODS.filter((name) => isNative(response, name));
}

test("isNative() finds the methods of a response of Node, also below its class", () => {
  assert.deepEqual(nativesOf(makeResponse()), METHODS);
  // As Express does.
  const response = makeResponse();
  Object.setPrototypeOf(response, Object.create(ServerResponse.prototype));
  assert.deepEqual(nativesOf(response), METHODS);
  class Own extends ServerResponse {}
  assert.deepEqual(nativesOf(new Own(new IncomingMessage(new Socket()))), METHODS);
});

const REPLACED: Readonly<Record<string, () => object>> = {
  "on the response": () => Object.assign(makeResponse(), { write() {} }),
  "on a prototype": () =>
    Object.setPrototypeOf(
      makeResponse(),
      Object.assign(Object.create(ServerResponse.prototype), { write() {} }),
    ),
  "by a class": () =>
    new (class ServerResponseOfMine extends ServerResponse {
      override write(): boolean {
        return true;
      }
    })(new IncomingMessage(new Socket())),
  "by a proxy": () =>
    new Proxy(makeResponse(), {
      get: (target, name) => (name === "write" ? () => true : Reflect.get(target, name)),
    }),
};

for (const [name, make] of Object.entries(REPLACED)) {
  test(`isNative() sees that a method is replaced ${name}`, () => {
    assert.deepEqual(nativesOf(make()), ["writeHead", "end"]);
  });
}

test("isNative() sees that a class of Node was changed, and that a mock has no method", (t) => {
  t.mock.method(ServerResponse.prototype, "write", () => true);
  assert.deepEqual(nativesOf(makeResponse()), ["writeHead", "end"]);
  assert.deepEqual(nativesOf({}), []);
  assert.deepEqual(nativesOf({ write() {}, end() {} }), []);
});
