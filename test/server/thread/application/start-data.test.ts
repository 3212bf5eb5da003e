import assert from "node:assert/strict";
import { test } from "node:test";
import { gathererOf } from "../../../../src/gatherers/gatherer-of.ts";
import { createLog, type Logger } from "../../../../src/log.ts";
import type { ListenTarget } from "../../../../src/options/address.ts";
import { readThread } from "../../../../src/options/late-rules.ts";
import type { ServerOptions } from "../../../../src/options/options.ts";
import { resolveOptions } from "../../../../src/options/rules.ts";
import { type StartData, startData } from "../../../../src/server/thread/application/start-data.ts";
import { countingGatherer } from "../../../helpers/gatherers.ts";

const THREAD = { maxAgeMs: Number.POSITIVE_INFINITY, stuckAfterMs: 30_000 };
const TARGET: ListenTarget = { kind: "tcp", host: undefined, port: 0 };

/** What the thread of a server with these options gets. */
function sent(options: ServerOptions, details: object = {}): StartData {
  const parts = {
    gatherer: countingGatherer(),
    target: TARGET,
    label: ":0",
    options: resolveOptions(options),
    log: createLog(false),
    ...details,
  };
  return structuredClone(startData(parts, readThread(options.thread) ?? THREAD));
}

test("options cross without what cannot be cloned", () => {
  const { options, hasAuthorize, thread } = sent({
    thread: { maxAgeMs: 5 },
    onScrape() {},
    auth: { authorize: () => true, bearerTokens: ["0123456789abcdef"] },
    workers: { group: "g", onJoined() {} },
    paths: { "/db": countingGatherer() },
    timeoutMs: 1_234,
    headers: { "X-Frame-Options": "deny" },
    compression: { encodings: ["gzip"] },
    bodyLimit: { bytes: 10, action: "warn" },
  });
  assert.deepEqual(thread, { maxAgeMs: 5, stuckAfterMs: 30_000 });
  assert.deepEqual([options.timeoutMs, options.headers], [1_234, { "X-Frame-Options": "deny" }]);
  assert.deepEqual(options.auth, { bearerTokens: ["0123456789abcdef"] });
  assert.equal(options.workers?.group, "g");
  assert.equal(hasAuthorize, true);
  for (const name of ["logger", "onScrape", "paths"]) assert.equal(name in options, false, name);
});

test("what is known of each source crosses, and the forms of probes", () => {
  const gatherer = gathererOf({
    a: countingGatherer(),
    b: { ...countingGatherer(), params: ["p"] },
  });
  const probe = { probe: () => [], allow: "any", modules: ["tcp"], params: ["q"] };
  const paths = {
    gatherers: new Map([["/db", countingGatherer()]]),
    probes: new Map([["/probe", probe]]),
  };
  const { sources, probes, hasAuthorize } = sent({ path: "/m" }, { gatherer, paths });
  assert.deepEqual(sources, [
    { path: "/m", params: ["p"], sourceNames: ["a", "b"] },
    { path: "/db", params: undefined, sourceNames: undefined },
  ]);
  assert.deepEqual(probes, [{ path: "/probe", probe: { modules: ["tcp"], params: ["q"] } }]);
  assert.equal(hasAuthorize, false);
});

test("the process is that of the application", () => {
  const { process: reading } = sent({});
  assert.deepEqual([reading.pid, reading.program], [process.pid, process.argv[1]]);
});

const plain: Logger = { error() {}, warn() {} };
const hostile = new Proxy(plain, {
  get(logger, name) {
    if (name === "dir") throw new Error("no");
    return Reflect.get(logger, name);
  },
});

for (const [what, logger, style] of [
  ["console", console, "text"],
  ["pino", { ...plain, bindings() {} }, "fields-first"],
  ["a plain logger", plain, "message-first"],
  ["a hostile logger", hostile, "message-first"],
  ["no logger", false, undefined],
] satisfies [string, Logger | false, StartData["logger"]][]) {
  test(`the style of ${what} crosses`, () => {
    assert.deepEqual(sent({ logger }).logger, style);
  });
}
