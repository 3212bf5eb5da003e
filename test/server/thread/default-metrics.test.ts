import assert from "node:assert/strict";
import { test } from "node:test";
import type { Sources } from "../../../src/index.ts";
import { rawGet } from "../../helpers/http/raw-request.ts";
import { withServer } from "../../helpers/http/with-server.ts";
import { LIBRARIES } from "../../helpers/registries/libraries.ts";
import { parseText } from "../../judge/index.ts";
import { valueIn } from "../../scrape/harness.ts";

/** More than the thread of a server has outside of its heap. */
const BALLAST_BYTES = 64 * 1_024 * 1_024;

for (const client of LIBRARIES) {
  test(`default metrics of ${client.name} are those of the application's thread`, async () => {
    const registry = new client.Registry();
    // Not all that the tests use of a library is in its type.
    const { collectDefaultMetrics } = client as object as {
      collectDefaultMetrics(config: object): void;
    };
    collectDefaultMetrics({ register: registry });
    const ballast = new ArrayBuffer(BALLAST_BYTES);
    const options = { thread: true, source: registry as Sources, selfMetrics: false };
    await withServer(options, async ({ port }) => {
      const { body } = await rawGet(port, "/metrics");
      const own = parseText(await registry.metrics(), { lenient: true });
      const served = parseText(Buffer.from(body));
      assert.deepEqual(
        served.map(({ name, type, help }) => ({ name, type, help })),
        own.map(({ name, type, help }) => ({ name, type, help })),
      );
      assert.doesNotMatch(body, /worker=/);
      assert.ok(Number(valueIn(body, "nodejs_external_memory_bytes")) >= ballast.byteLength);
    });
  });
}
