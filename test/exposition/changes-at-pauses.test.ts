import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { LightSignal, OVER } from "../../src/abort.ts";
import { chunksOf, isWhole } from "../../src/exposition/body.ts";
import { createExposer } from "../../src/exposition/expose.ts";
import { gathererOf } from "../../src/gatherers/gatherer-of.ts";
import { FORMATS } from "../../src/options/options.ts";
import { LIBRARIES } from "../helpers/registries/libraries.ts";
import { createContext } from "../helpers/scraping/gathering.ts";
import { parseExposition } from "../judge/index.ts";
import { SCRAPERS } from "./scrapers.ts";

const PADDING = "x".repeat(200);

/** One scraper for each format. */
const READERS = new Map(
  SCRAPERS.filter(({ escaping }) => escaping === "underscores").map((it) => [it.format, it.accept]),
);

for (const library of LIBRARIES) {
  for (const maxKeptBytes of [0, 1e8]) {
    test(`a label set of ${library.name} that is added again during a scrape is sent once (${maxKeptBytes})`, async (t) => {
      // Each look at the clock ends the slice, so that even a body that is sent whole pauses.
      let nowMs = 0;
      t.mock.method(performance, "now", () => (nowMs += 1.5));
      const registry = new library.Registry();
      const config = { help: "h", labelNames: ["set", "padding"], registers: [registry] };
      const metrics = [
        new library.Gauge({ ...config, name: "g" }),
        new library.Histogram({ ...config, name: "h", buckets: [1] }),
      ] as const;
      const add = (set: number) => {
        metrics[0].set({ set, padding: PADDING }, set);
        metrics[1].observe({ set, padding: PADDING }, set);
      };
      const addAgain = (set: number) => {
        for (const metric of metrics) metric.remove({ set, padding: PADDING });
        add(set);
      };
      const gatherer = gathererOf(registry);
      const exposer = createExposer(
        {
          formats: FORMATS,
          compression: { encodings: ["gzip"] },
          bodyLimit: undefined,
          maxKeptBytes,
        },
        {
          lock: { enter: () => {}, leave: () => {} },
          report: (_, reason) => assert.fail(reason),
          warn: assert.fail,
          onEncoded: () => {},
          onSent: () => {},
          onOversized: () => {},
          onWithinLimit: () => {},
        },
      );
      // At first a body that is sent whole, then one that is streamed.
      for (const size of [90, 200]) {
        for (let set = 0; set < size; set++) add(set);
        for (const accept of READERS.values()) {
          for (const acceptEncoding of [undefined, "gzip"]) {
            for (let scrape = 0; scrape < 3; scrape++) {
              const families = [...(await gatherer.gather(createContext())).families];
              const signal = new LightSignal();
              let isOver = false;
              const change = async () => {
                for (let set = 0; !isOver; set = (set + 1) % 20) {
                  addAgain(set);
                  await nextTurn();
                }
              };
              const changes = change();
              const { headers, body } = await exposer.expose(
                { families, selection: "" },
                { accept, acceptEncoding },
                signal,
              );
              const chunks: Uint8Array[] = [];
              for await (const chunk of isWhole(body) ? [body] : chunksOf(body)) {
                chunks.push(Buffer.from(chunk));
                addAgain(0);
              }
              signal.abort(OVER);
              isOver = true;
              await changes;
              const bytes = Buffer.concat(chunks);
              const plain = acceptEncoding === undefined ? bytes : gunzipSync(bytes);
              // The judge rejects a body that has a series twice.
              const parsed = parseExposition(headers["Content-Type"] ?? "", plain);
              assert.deepEqual(
                parsed.map(({ samples }) => samples.length),
                [size, 4 * size],
              );
            }
          }
        }
      }
    });
  }
}
