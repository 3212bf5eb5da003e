import assert from "node:assert/strict";
import { test } from "node:test";
import type { Gatherer } from "../../src/model/gatherer.ts";
import { longFamily } from "../helpers/families.ts";
import { createGate } from "../helpers/gate.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { mockClock } from "../helpers/mock-clock.ts";
import { turns } from "../helpers/turns.ts";

const SCRAPE_HEADERS = "Host: a\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n";

function requestFor(name: string): string {
  return `GET /metrics?name[]=${name} HTTP/1.1\r\n${SCRAPE_HEADERS}`;
}

test("a body on its way is cut off after collectors of the same time are answered", async (t) => {
  const clock = mockClock(t);
  // Node 20 warns of its mocks, which is not the server's fault.
  await turns(1);
  const stuck = createGate();
  /** A large family, and a collector that never settles for those who ask for it. */
  const source: Gatherer = {
    gather({ isRequested }) {
      if (!isRequested("stuck", "gauge")) return { families: [longFamily({ count: 40_000 })] };
      stuck.open();
      return new Promise(() => {});
    },
  };
  await withServer({ source }, async ({ connect }) => {
    const slow = await connect();
    const waiting = await connect();
    await slow.send(requestFor("long"));
    await slow.until("the first bytes", () => slow.received !== "");
    slow.socket.pause();
    await waiting.send(requestFor("stuck"));
    await stuck.promise;

    // The offset is what lies between the two ends.
    clock.tick(9_500);
    assert.equal((await waiting.response()).status, 503);
    slow.socket.write("\r\n");
    await turns(3);
    assert.equal(slow.isClosed, false);

    clock.tick(500);
    // A paused socket shows only by a write that its end was reset.
    const probe = setInterval(() => slow.socket.write("\r\n"), 5);
    try {
      await slow.closed();
    } finally {
      clearInterval(probe);
    }
    assert.equal(slow.errorCode, "ECONNRESET");
  });
});
