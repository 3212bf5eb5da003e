import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import * as successor from "@prometheus-io/client";
import * as promClient15 from "prom-client";
import * as promClient13 from "prom-client-13";
import * as promClient14 from "prom-client-14";
import { gathererOf } from "../../src/gatherers/gatherer-of.ts";
import type { ClientLibrary } from "../../src/programs/client-libraries.ts";
import { defaultSources } from "../../src/programs/default-sources.ts";
import { createScraper } from "../helpers/scraper.ts";

/** What the tests need of a library beyond what the code needs. */
interface Library extends ClientLibrary {
  readonly register: ClientLibrary["register"] & {
    clear(): void;
    setDefaultLabels(labels: object): void;
  };
  readonly Gauge: new (config: object) => { set(value: number): void };
}

// Their types are of three times, and none has what is private.
const LIBRARIES = {
  "prom-client 13": promClient13,
  "prom-client 14": promClient14,
  "prom-client 15": promClient15,
  "@prometheus-io/client": successor,
} as unknown as Readonly<Record<string, Library>>;

beforeEach(() => {
  for (const { register } of Object.values(LIBRARIES)) register.clear();
});

/** Scrapes the sources; nothing may be reported. */
async function scrape(sources: ReturnType<typeof defaultSources>): Promise<string> {
  const scraper = createScraper(gathererOf(sources));
  const { status, body } = await scraper.scrape();
  assert.equal(status, 200);
  assert.deepEqual(scraper.log, []);
  return body.toString();
}

for (const [name, library] of Object.entries(LIBRARIES)) {
  const { register, collectDefaultMetrics, Gauge } = library;

  test(`${name}: the default metrics stand beside those of the application`, async () => {
    const sources = defaultSources([library], true);
    new Gauge({ name: "app_up", help: "Up." }).set(1);
    const text = await scrape(sources);
    assert.match(text, /^app_up 1$/m);
    assert.match(text, /^process_cpu_seconds_total \d/m);
    assert.equal(register.getMetricsAsArray().length, 1);
  });

  test(`${name}: the application may collect default metrics, too, at any time`, async () => {
    const sources = defaultSources([library], true);
    const before = await scrape(sources);
    collectDefaultMetrics({ register });
    const text = await scrape(sources);
    const families = (body: string) => body.match(/^# TYPE \w+/gm)?.sort();
    assert.deepEqual(families(text), families(before));
    assert.equal(text.match(/^process_cpu_seconds_total /gm)?.length, 1);
  });

  test(`${name}: the default metrics get the default labels of the application`, async () => {
    const sources = defaultSources([library], true);
    register.setDefaultLabels({ app: "shop" });
    assert.match(await scrape(sources), /^process_cpu_seconds_total\{app="shop"\} \d/m);
    register.setDefaultLabels({});
  });

  test(`${name}: without default metrics the application's are served alone`, async () => {
    const sources = defaultSources([library], false);
    assert.deepEqual(sources, [register]);
  });
}

test("The registries of all libraries are served, with default metrics once", async () => {
  const libraries = [promClient15, successor] as unknown as readonly Library[];
  const sources = defaultSources(libraries, true);
  for (const [index, { Gauge }] of libraries.entries()) {
    new Gauge({ name: `app_${index}`, help: "Up." }).set(index);
  }
  libraries[1]?.collectDefaultMetrics({ register: libraries[1].register });
  const text = await scrape(sources);
  assert.match(text, /^app_0 0$/m);
  assert.match(text, /^app_1 1$/m);
  assert.equal(text.match(/^process_cpu_seconds_total /gm)?.length, 1);
});
