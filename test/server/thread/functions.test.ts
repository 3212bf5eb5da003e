import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Probe } from "../../../src/index.ts";
import { rawRequest, request } from "../../helpers/http/raw-request.ts";
import { withServer } from "../../helpers/http/with-server.ts";

// Functions of the user run in the application's thread: while they take their time, it turns.

test("a probe that takes long in the application's thread is awaited", async () => {
  const probe: Probe = {
    allow: "any",
    probe: async ({ target }) => {
      await (target.host === "slow" ? new Promise(() => {}) : sleep(300));
      return [];
    },
  };
  const options = { thread: true, paths: { "/probe": probe }, timeoutMs: 600 };
  await withServer(options, async ({ port }) => {
    for (const [target, success] of [
      ["fast:1", 1],
      ["slow:1", 0],
    ] as const) {
      const { status, body } = await rawRequest(port, request(`/probe?target=${target}`));
      assert.equal(status, 200, body);
      assert.match(body, new RegExp(`^probe_success ${success}$`, "m"));
    }
  });
});
