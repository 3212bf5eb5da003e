import assert from "node:assert/strict";
import { scaleWait } from "../../helpers/wait-factor.ts";
import { get } from "../clients/client.ts";
import { assertAborted } from "./bodies.ts";
import { type Check, ENCODINGS } from "./check.ts";
import { assertCutOff, FAILURE_LINE, FAILURE_TEXT, TIMEOUT_LINE } from "./failures.ts";

/** What is different where the metrics are read as a whole before the first byte is sent. */
export const SNAPSHOTS: readonly Check[] = [
  {
    name: "answers 500 with a fixed text when reading the metrics fails",
    source: "failing",
    log: [FAILURE_LINE],
    async run({ connect }) {
      const client = await connect();
      const { status, body } = await get(client);
      assert.equal(status, 500);
      assert.equal(`${body}`, FAILURE_TEXT);
    },
  },

  ...ENCODINGS.map(
    (encoding): Check => ({
      name: `stops sending when the client disconnects: ${encoding}`,
      source: "long",
      async run({ connect }) {
        const exchange = await (await connect()).send({ headers: { "accept-encoding": encoding } });
        await exchange.received(100_000);
        exchange.leave();
        assert.equal((await exchange.response()).isComplete, false);
        await assertAborted(await connect());
      },
    }),
  ),

  {
    name: "cuts off a client that does not read before the deadline",
    source: "long",
    options: { timeoutOffsetMs: 0 },
    log: [TIMEOUT_LINE],
    async run({ connect, journal }) {
      // From now on the labels are there, and only numbers are sent.
      assert.ok((await get(await connect())).isComplete);
      const headers = { "x-prometheus-scrape-timeout-seconds": `${scaleWait(1_000) / 1_000}` };
      const exchange = await (await connect()).send({ headers });
      await exchange.received(100_000);
      exchange.pause();
      await journal.line(TIMEOUT_LINE);
      exchange.resume();
      assertCutOff(await exchange.response(), "identity");
    },
  },
];
