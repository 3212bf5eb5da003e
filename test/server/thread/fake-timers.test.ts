import assert from "node:assert/strict";
import { test } from "node:test";
import { rawRequest, request } from "../../helpers/http/raw-request.ts";
import { withServer } from "../../helpers/http/with-server.ts";

// A test of the application may stop the timers and the clocks of its process.

test("an application whose timers stand still is not stuck", async (t) => {
  for (const timer of ["setInterval", "setTimeout"] as const) {
    t.mock.method(globalThis, timer, () => ({}));
  }
  t.mock.method(
    process,
    "hrtime",
    Object.assign(() => [0, 0], { bigint: () => 0n }),
  );
  await withServer({ thread: { stuckAfterMs: 300 } }, async ({ port }) => {
    for (const end = performance.now() + 1_000; performance.now() < end; ) {
      const { status, body } = await rawRequest(port, request("/-/healthy"));
      assert.equal(status, 200, body);
    }
    const { body } = await rawRequest(port, request("/metrics"));
    assert.match(body, /^promhttp_snapshot_age_seconds 0$/m);
  });
});
