import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf, readAsk, shownTarget } from "../../src/probe/ask.ts";
import { parseTarget } from "../../src/probe/target/parse-target.ts";
import { QueryError } from "../../src/scrape/failure.ts";

const PROBE = { modules: ["http", "tcp"], params: ["room", "rack"] };

test("readAsk() reads the target, the module and the declared parameters", () => {
  const { target, module, params } = readAsk("target=DB1:80&module=tcp&room=a%20b&x=1", PROBE);
  assert.equal(target.text, "db1:80");
  assert.equal(module, "tcp");
  assert.deepEqual({ ...params }, { room: "a b" });
  assert.ok(Object.isFrozen(params));
  assert.equal("constructor" in params, false);
});

test("readAsk() takes an empty parameter as one that is not given", () => {
  const { params } = readAsk("target=a&room=&rack=2", PROBE);
  assert.deepEqual({ ...params }, { rack: "2" });
});

test("readAsk() decodes a target once", () => {
  assert.equal(readAsk("target=http://a/%252Fb%2525", PROBE).target.text, "http://a/%2Fb%25");
  assert.throws(() => readAsk("target=%2561", PROBE), QueryError);
});

for (const query of ["target=a", "target=a&module="]) {
  test(`readAsk() takes the first module for ${query}`, () => {
    assert.equal(readAsk(query, PROBE).module, "http");
  });
}

test("readAsk() ignores the parameter of a probe without modules", () => {
  assert.equal(readAsk("target=a&module=b", {}).module, "");
});

const REFUSED: readonly [query: string, message: string][] = [
  ["", 'The parameter "target" is missing'],
  ["target=", 'The parameter "target" is missing'],
  ["target=a&target=a", 'The parameter "target" is given more than once'],
  ["target=a&module=tcp&module=tcp", 'The parameter "module" is given more than once'],
  ["target=a&room=1&room=2", 'The parameter "room" is given more than once'],
  ["target=a&module=ftp", 'Unknown module "ftp"'],
  [`target=a&module=${"x".repeat(100)}`, `Unknown module "${"x".repeat(64)}…"`],
  ["target=%ff", "The query has a broken escape"],
];

for (const [query, message] of REFUSED) {
  test(`readAsk() refuses ${JSON.stringify(query.slice(0, 40))}`, () => {
    assert.throws(
      () => readAsk(query, PROBE),
      (error) => error instanceof QueryError && error.message === message,
    );
  });
}

const SAME: readonly [a: string, b: string, isEqual: boolean][] = [
  ["target=db", "target=DB", true],
  ["target=db", "target=db&module=http", true],
  ["target=db", "target=db&name[]=up&other=1", true],
  ["target=db&room=1&rack=2", "rack=2&room=1&target=db", true],
  ["target=db", "target=db&module=tcp", false],
  ["target=db", "target=db:80", false],
  ["target=http://db/a", "target=http://db/b", false],
  ["target=db", "target=db&room=&rack", true],
  ["target=db&room=1", "target=db&rack=1", false],
];

for (const [a, b, isEqual] of SAME) {
  test(`readAsk() gives ${isEqual ? "one key" : "two keys"} for ${a} and ${b}`, () => {
    assert.equal(readAsk(a, PROBE).key === readAsk(b, PROBE).key, isEqual);
  });
}

const PLACES: readonly [a: string, b: string, isEqual: boolean][] = [
  ["http://db/a", "http://db:80/b?c", true],
  ["http://db/a", "db:80", true],
  ["https://db", "wss://db", true],
  ["db:5432", "db:5433", false],
  ["http://db", "https://db", false],
  ["db", "db:80", false],
];

for (const [a, b, isEqual] of PLACES) {
  test(`placeOf() tells that ${a} and ${b} are ${isEqual ? "one" : "two"}`, () => {
    assert.equal(placeOf(parseTarget(a)) === placeOf(parseTarget(b)), isEqual);
  });
}

test("shownTarget() shows neither path nor query", () => {
  assert.equal(shownTarget(parseTarget("HTTPS://db:8443/a?token=b")), "https://db:8443");
  assert.equal(shownTarget(parseTarget("[::1]:80")), "[::1]:80");
});
