import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect, types } from "node:util";
import {
  ConfigError,
  GatherError,
  ListenError,
  MetricsError,
  ScrapeTimeoutError,
} from "../../../src/errors.ts";
import { QueryError, UnavailableError } from "../../../src/scrape/failure.ts";
import { packError, unpackError } from "../../../src/server/thread/error-parcel.ts";

/** What another thread gets of a thrown value. */
function sent<T = Error>(thrown: unknown): T {
  return unpackError(structuredClone(packError(thrown))) as T;
}

const SYSTEM_ERROR = Object.assign(new Error("listen EADDRINUSE"), {
  code: "EADDRINUSE",
  errno: -98,
  port: 80,
});

test("a ListenError has its class, its address and the code of its cause in another thread", () => {
  const error = sent<ListenError>(new ListenError(":80", SYSTEM_ERROR));
  assert.ok(error instanceof ListenError);
  assert.equal(error.message, 'Cannot listen on ":80": address already in use');
  assert.deepEqual(
    [error.name, error.code, error.address],
    ["ListenError", "ERR_PROMHTTP_LISTEN", ":80"],
  );
  const cause = error.cause as NodeJS.ErrnoException & { port: number };
  assert.deepEqual([cause.code, cause.errno, cause.port], ["EADDRINUSE", -98, 80]);
});

test("a ConfigError has its file and its line in another thread", () => {
  const error = sent<ConfigError>(new ConfigError("web.yml", "no such key", { line: 3 }));
  assert.ok(error instanceof ConfigError);
  assert.deepEqual([error.file, error.line], ["web.yml", 3]);
});

for (const error of [
  new TypeError("t"),
  new RangeError("r"),
  new SyntaxError("s"),
  new ScrapeTimeoutError(10),
  new MetricsError("CODE", "m"),
  new QueryError("q"),
  new UnavailableError("u"),
]) {
  test(`${error.constructor.name} has its class, its message and its stack in another thread`, () => {
    const result = sent(error);
    assert.equal(result.constructor, error.constructor);
    assert.deepEqual(
      [result.name, result.message, result.stack],
      [error.name, error.message, error.stack],
    );
    assert.ok(types.isNativeError(result));
    assert.equal(inspect(result), inspect(error));
  });
}

test("the errors of a GatherError and of an AggregateError are sent with it", () => {
  const errors = [new RangeError("a"), "b"];
  const gather = sent<GatherError>(new GatherError("Collectors failed: x", errors));
  assert.ok(gather instanceof GatherError && gather.errors[0] instanceof RangeError);
  assert.equal(gather.errors[1], "b");
  const all = sent<AggregateError>(new AggregateError(errors, "all"));
  assert.ok(all instanceof AggregateError);
  assert.deepEqual(all.errors.map(String), ["RangeError: a", "b"]);
});

test("an error of a class of the user keeps its name and its plain fields", () => {
  class OwnError extends TypeError {
    override name = "OwnError";
    code = "OWN";
    socket = { secret: true };
    retry() {}
  }
  const error = sent<OwnError>(new OwnError("mine"));
  assert.ok(error instanceof TypeError);
  assert.deepEqual([error.name, error.code, error.message], ["OwnError", "OWN", "mine"]);
  assert.equal(error.socket, undefined);
});

for (const [what, thrown, expected] of [
  ["a text", "text", "text"],
  ["undefined", undefined, undefined],
  ["null", null, null],
  ["a number", 7, 7],
  ["an object", { a: 1 }, "{ a: 1 }"],
  ["a symbol", Symbol("s"), "Symbol(s)"],
] as const) {
  test(`${what} that was thrown is ${inspect(expected)} in another thread`, () => {
    assert.equal(sent<unknown>(thrown), expected);
  });
}

test("what cannot be read is an error all the same", () => {
  const hostile = new Proxy(new Error("x"), {
    get() {
      throw new Error("no");
    },
  });
  const { proxy, revoke } = Proxy.revocable(new Error("x"), {});
  revoke();
  assert.equal(sent(hostile).message, "An error that cannot be read");
  assert.ok(packError(proxy).message.length > 0);
});

test("a circle of causes and a long message are cut off", () => {
  const error = new Error("x".repeat(100_000));
  error.cause = error;
  const text = JSON.stringify(packError(error));
  assert.ok(text.length < 500_000, `${text.length} characters`);
  assert.equal(sent(error).message.length, 16 * 1_024 + 1);
});
