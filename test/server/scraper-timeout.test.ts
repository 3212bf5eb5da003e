import assert from "node:assert/strict";
import { test } from "node:test";
import type { Gatherer } from "../../src/model/gatherer.ts";
import { longFamily } from "../helpers/families.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { scaleWait } from "../helpers/wait-factor.ts";
import { within } from "../helpers/within.ts";

/** A large family, and a collector that never settles for those who ask for it. */
const GATHERER: Gatherer = {
  gather: ({ isRequested }) =>
    isRequested("stuck", "gauge")
      ? new Promise(() => {})
      : { families: [longFamily({ count: 40_000 })] },
};

/** Its tenth is what lies between the two ends of the test. */
const TIMEOUT_SECONDS = scaleWait(2_000) / 1_000;

function requestFor(name: string): string {
  return (
    `GET /metrics?name[]=${name} HTTP/1.1\r\nHost: a\r\n` +
    `X-Prometheus-Scrape-Timeout-Seconds: ${TIMEOUT_SECONDS}\r\n\r\n`
  );
}

test("a body on its way is cut off after collectors of the same time are answered", async () => {
  await withServer({ source: GATHERER }, async ({ connect }) => {
    const events: string[] = [];
    const slow = await connect();
    const waiting = await connect();
    await slow.send(requestFor("long"));
    await slow.until("the first bytes", () => slow.received !== "");
    slow.socket.pause();
    await waiting.send(requestFor("stuck"));
    const answered = waiting.response().then(({ status }) => events.push(`answered ${status}`));
    // A paused socket shows only by a write that its end was reset.
    const probe = setInterval(() => slow.socket.write("\r\n"), 5);
    const cutOff = new Promise<void>((resolve) => {
      slow.socket.once("close", () => {
        events.push("cut off");
        resolve();
      });
    });
    try {
      await within("both ends", Promise.all([answered, cutOff]));
    } finally {
      clearInterval(probe);
    }
    assert.deepEqual(events, ["answered 503", "cut off"]);
    assert.equal(slow.errorCode, "ECONNRESET");
  });
});
