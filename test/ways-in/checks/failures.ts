import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { scaleWait } from "../../helpers/wait-factor.ts";
import { type ClientResponse, get } from "../clients/client.ts";
import { type Check, ENCODINGS } from "./check.ts";

export const FAILURE_TEXT = "The metrics could not be gathered. See the process log.\n";
export const FAILURE_LINE: RegExp = /^error promhttp: [^:]+: Error: the password is s3cr3t/;
export const GATHER_LINE: RegExp =
  /^error promhttp: Collector "[^:]+: Error: the password is s3cr3t/;
export const TIMEOUT_LINE: RegExp = /^error promhttp: [^:]+: ScrapeTimeoutError: /;

/** What becomes of a scrape that fails, before its first byte and after. */
export const FAILURES: readonly Check[] = [
  {
    name: "answers 500 with a fixed text when a collector throws",
    source: "throwing",
    log: [GATHER_LINE],
    async run({ connect }) {
      const client = await connect();
      const { status, body } = await get(client);
      assert.equal(status, 500);
      assert.equal(`${body}`, FAILURE_TEXT);
      assert.equal((await get(client, { method: "HEAD" })).status, 200);
    },
  },

  {
    name: "answers 503 when a collector misses the deadline",
    source: "blocking",
    options: { timeoutOffsetMs: 0 },
    log: [TIMEOUT_LINE],
    async run({ connect, journal }) {
      const headers = { "x-prometheus-scrape-timeout-seconds": "0.05" };
      const { status, body } = await get(await connect(), { headers });
      assert.equal(status, 503);
      assert.match(`${body}`, /^The metrics could not be gathered in time\./);
      await journal.line(/^aborted$/);
    },
  },

  ...ENCODINGS.map(
    (encoding): Check => ({
      name: `cuts off a body that fails: ${encoding}`,
      source: "failing",
      log: [FAILURE_LINE],
      async run({ connect }) {
        const response = await get(await connect(), { headers: { "accept-encoding": encoding } });
        assertCutOff(response, encoding);
        assert.equal((await get(await connect(), { method: "HEAD" })).status, 200);
      },
    }),
  ),

  {
    name: "cuts off a client that reads too slowly for the deadline",
    source: "endless",
    options: { timeoutMs: scaleWait(1_000) },
    log: [TIMEOUT_LINE],
    async run({ connect, journal }) {
      const exchange = await (await connect()).send();
      exchange.pause();
      await journal.line(TIMEOUT_LINE);
      exchange.resume();
      assertCutOff(await exchange.response(), "identity");
      await journal.line(/^stopped \d+$/);
    },
  },
];

export function assertCutOff(response: ClientResponse, encoding: (typeof ENCODINGS)[number]): void {
  const { status, headers, body, isComplete } = response;
  assert.equal(status, 200);
  assert.equal(headers["content-encoding"], encoding === "gzip" ? "gzip" : undefined);
  assert.equal(isComplete, false);
  // Not `assert.doesNotMatch()`, which would show the whole body.
  assert.ok(!/the password|Error: |HTTP\/1\.1 /.test(body.toString("latin1")), "it tells why");
  if (encoding === "gzip") assert.throws(() => gunzipSync(body));
}
