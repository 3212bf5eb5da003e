import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { rawRequest, request } from "../../helpers/http/raw-request.ts";
import { withServer } from "../../helpers/http/with-server.ts";
import { poll } from "../../helpers/poll.ts";

// A test of the application may stop the timers and the clocks of its process.

test("an application whose timers stand still is not stuck", async (t) => {
  const clock = Object.assign(() => [0, 0], { bigint: () => 0n });
  t.mock.method(process, "hrtime", clock);
  const timers = (["setInterval", "setTimeout"] as const).map((timer) =>
    t.mock.method(globalThis, timer, () => ({})),
  );
  await withServer({ thread: { stuckAfterMs: 300 } }, async ({ port }) => {
    // Those that were set stand still; this test waits by others.
    for (const { mock } of timers) mock.restore();
    // Longer than the application may be stuck.
    await sleep(1_000);
    const health = () => rawRequest(port, request("/-/healthy"));
    await poll("the health", async () => (await health()).status === 200);
    const { body } = await rawRequest(port, request("/metrics"));
    assert.match(body, /^promhttp_snapshot_age_seconds 0$/m);
  });
});
