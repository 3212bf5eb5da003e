import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { render } from "../../../src/index.ts";
import { turns, turnsUntil } from "../../helpers/turns.ts";
import { within } from "../../helpers/within.ts";
import { type Client, get } from "../clients/client.ts";
import { lastNumber } from "../journal.ts";
import { SOURCES } from "../sources.ts";
import { type Check, ENCODINGS } from "./check.ts";

/** In KB, far more than the buffers between a source and its client take, which is 4 to 8 MB. */
const MORE_THAN_BUFFERS = 24_000;

/** How a body comes to a client that reads it, pauses or disconnects. */
export const BODIES: readonly Check[] = [
  {
    name: "serves a large body whole, plain and gzip",
    source: "large",
    options: { selfMetrics: false },
    async run({ connect }) {
      const client = await connect();
      // The first is encoded anew, the others are of bytes that were kept.
      for (const encoding of ["identity", "gzip", "identity"]) {
        const exchange = await client.send({ headers: { "accept-encoding": encoding } });
        await exchange.received(1_000);
        exchange.pause();
        await turns(20);
        exchange.resume();
        const { headers, body, isComplete } = await exchange.response();
        assert.ok(isComplete);
        assert.equal(headers["content-length"], undefined);
        assert.equal(headers["x-content-type-options"], "nosniff");
        const isGzip = encoding === "gzip";
        assert.equal(headers["content-encoding"], isGzip ? "gzip" : undefined);
        const text = isGzip ? gunzipSync(body) : body;
        assert.ok(text.equals(await largeBody), "the body differs");
      }
    },
  },

  {
    name: "does not count a complete scrape as aborted",
    source: "large",
    async run({ connect }) {
      const client = await connect();
      assert.ok((await get(client)).isComplete);
      const { body } = await get(client, { query: "?name[]=promhttp_scrape_events_total" });
      assert.match(`${body}`, /\{event="aborted"\} 0\n/);
    },
  },

  {
    name: "stops gathering when the client disconnects",
    source: "blocking",
    async run({ connect, journal }) {
      const exchange = await (await connect()).send();
      await journal.line(/^gathering$/);
      exchange.leave();
      await journal.line(/^aborted$/);
      await assertAborted(await connect());
    },
  },

  ...ENCODINGS.map(
    (encoding): Check => ({
      name: `stops reading when the client disconnects: ${encoding}`,
      source: "endless",
      async run({ connect, journal }) {
        const client = await connect();
        const exchange = await client.send({ headers: { "accept-encoding": encoding } });
        await exchange.received(100_000);
        exchange.leave();
        await journal.line(/^stopped \d+$/);
        assert.equal((await exchange.response()).isComplete, false);
        await assertAborted(await connect());
      },
    }),
  ),

  ...ENCODINGS.map(
    (encoding): Check => ({
      name: `reads no faster than the client: ${encoding}`,
      source: "endless",
      async run({ connect, journal }) {
        const client = await connect();
        const exchange = await client.send({ headers: { "accept-encoding": encoding } });
        await exchange.received(100_000);
        exchange.pause();
        const other = await connect();
        for (let idle = 0, last = 0; idle < 100; ) {
          // As long as it reads, it does so between the requests of others.
          assert.equal((await get(other, { method: "HEAD" })).status, 200);
          await turns(4);
          const read = lastNumber(journal, "read");
          assert.ok(read < MORE_THAN_BUFFERS, `${read} metrics were read`);
          idle = read === last ? idle + 1 : 0;
          last = read;
        }
        const stalledAt = lastNumber(journal, "read");
        exchange.resume();
        await turnsUntil("the reading to go on", () => lastNumber(journal, "read") > stalledAt);
        exchange.leave();
        await journal.line(/^stopped \d+$/);
        assert.equal((await get(other, { method: "HEAD" })).status, 200);
      },
    }),
  ),
];

const largeBody = render(SOURCES.large(() => {})).then(({ body }) => Buffer.from(body));

/** Waits until one scrape counts as aborted; then only the scrape that says so is in flight. */
export async function assertAborted(client: Client): Promise<void> {
  const query =
    "?name[]=promhttp_scrape_events_total&name[]=promhttp_metric_handler_requests_in_flight";
  let text = "";
  const scrape = async () => {
    do text = `${(await get(client, { query })).body}`;
    while (!text.includes('{event="aborted"} 1\n'));
  };
  await within("the scrape to count as aborted", scrape());
  assert.match(text, /_requests_in_flight 1\n/);
}
