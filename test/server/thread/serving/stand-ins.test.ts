import assert from "node:assert/strict";
import type { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { createLog, type LoggerStyle } from "../../../../src/log.ts";
import { packError } from "../../../../src/server/thread/error-parcel.ts";
import {
  createStandInAuthorize,
  createStandInLogger,
} from "../../../../src/server/thread/serving/stand-ins.ts";
import { type Said, withApplication } from "./fake-application.ts";

/** What a log writes with a logger of a style. */
function linesOf(style: LoggerStyle, write: (log: ReturnType<typeof createLog>) => void) {
  const lines: Said<"log">[] = [];
  write(createLog(createStandInLogger(style, (line) => lines.push(structuredClone(line)))));
  return lines.map(({ level, args }) => [level, ...args]);
}

test("a stand-in logger gets lines in the style of the user's logger", () => {
  const about = { kind: "x", fields: { collector: "a" } };
  const write = (style: LoggerStyle) => linesOf(style, (log) => log.warn("Odd", about))[0];
  assert.deepEqual(write("message-first"), ["warn", "promhttp: Odd", { collector: "a" }]);
  const first = write("fields-first");
  assert.deepEqual(first, ["warn", { collector: "a" }, "promhttp: Odd"]);
  assert.deepEqual(write("text"), ["warn", "promhttp: Odd"]);
});

test("errors in the fields of a line are packed", () => {
  const error = Object.assign(new TypeError("No"), { code: "E_NO", callback() {} });
  const [[, message, fields] = []] = linesOf("message-first", (log) => log.error("Bad", error));
  assert.equal(message, "promhttp: Bad: TypeError: No");
  const { err } = fields as { err: ReturnType<typeof packError> };
  assert.deepEqual([err.kind, err.message, err.fields["code"]], ["TypeError", "No", "E_NO"]);
});

const REQUEST = { method: "GET", path: "/metrics", headers: { a: "b" }, remoteAddress: undefined };

test("a stand-in for authorize() lets the application decide, and sends the certificate in DER", () =>
  withApplication(async (application) => {
    const authorize = createStandInAuthorize(application.conversation);
    // Cast: nothing else of it is read.
    const certificate = { raw: Buffer.from("der") } as X509Certificate;
    for (const isAllowed of [true, false]) {
      const decision = authorize({ ...REQUEST, certificate });
      const { n, request } = await application.next("authorize");
      assert.deepEqual(request, { ...REQUEST, certificate: new Uint8Array(Buffer.from("der")) });
      application.say({ type: "authorized", n, isAllowed });
      assert.equal(await decision, isAllowed);
    }
  }));

test("a stand-in for authorize() rejects with what the user's function throws", () =>
  withApplication(async (application) => {
    const decision = createStandInAuthorize(application.conversation)(REQUEST);
    const { n } = await application.next("authorize");
    application.say({ type: "refused", n, error: packError(new Error("Broken")) });
    await assert.rejects(Promise.resolve(decision), new Error("Broken"));
  }));

test("a stand-in for authorize() rejects at once while the application is stuck", () =>
  withApplication(async (application) => {
    application.freeze();
    const decision = createStandInAuthorize(application.conversation)(REQUEST);
    await assert.rejects(Promise.resolve(decision), /^Error: The event loop .* is stuck$/);
    const { n } = await application.next("authorize");
    assert.equal(application.heartbeat.firstOpen, n + 1);
    // What it has begun ends when its event loop turns.
    assert.deepEqual(await application.next("abandon"), { type: "abandon", n, isLate: false });
  }));
