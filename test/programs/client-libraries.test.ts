import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import * as successor from "@prometheus-io/client";
import * as promClient15 from "prom-client";
import * as promClient13 from "prom-client-13";
import * as promClient14 from "prom-client-14";
import { gathererOf } from "../../src/gatherers/gatherer-of.ts";
import { type ClientLibrary, defaultSources } from "../../src/programs/client-libraries.ts";

import { createContext } from "../helpers/scraping/gathering.ts";
import { createScraper } from "../helpers/scraping/scraper.ts";

/** The part of a library that the tests use. */
interface Library extends ClientLibrary {
  readonly register: ClientLibrary["register"] & {
    clear(): void;
    setDefaultLabels(labels: object): void;
  };
  readonly Gauge: new (config: object) => { set(value: number): void };
}

// Their types differ, and none has private members.
const LIBRARIES = {
  "prom-client 13": promClient13,
  "prom-client 14": promClient14,
  "prom-client 15": promClient15,
  "@prometheus-io/client": successor,
} as unknown as Readonly<Record<string, Library>>;

beforeEach(() => {
  for (const { register } of Object.values(LIBRARIES)) register.clear();
});

/** Scrapes the sources; fails if a fault is reported. */
async function scrape(sources: ReturnType<typeof defaultSources>): Promise<string> {
  const scraper = createScraper(gathererOf(sources));
  const { status, body } = await scraper.scrape();
  assert.equal(status, 200);
  assert.deepEqual(scraper.log, []);
  return body.toString();
}

for (const [name, library] of Object.entries(LIBRARIES)) {
  const { register, collectDefaultMetrics, Gauge } = library;

  test(`defaultSources() of ${name} serves the default metrics beside the application's`, async () => {
    const sources = defaultSources([library], true);
    new Gauge({ name: "app_up", help: "Up." }).set(1);
    const text = await scrape(sources);
    assert.match(text, /^app_up 1$/m);
    assert.match(text, /^process_cpu_seconds_total \d/m);
    assert.equal(register.getMetricsAsArray().length, 1);
  });

  test(`an application of ${name} may collect default metrics too, at any time`, async () => {
    const sources = defaultSources([library], true);
    const before = await scrape(sources);
    collectDefaultMetrics({ register });
    const text = await scrape(sources);
    const families = (body: string) => body.match(/^# TYPE \w+/gm)?.sort();
    assert.deepEqual(families(text), families(before));
    assert.equal(text.match(/^process_cpu_seconds_total /gm)?.length, 1);
  });

  test(`the default metrics of ${name} get the application's default labels`, async () => {
    const sources = defaultSources([library], true);
    register.setDefaultLabels({ app: "shop" });
    assert.match(await scrape(sources), /^process_cpu_seconds_total\{app="shop"\} \d/m);
    register.setDefaultLabels({});
  });

  test(`defaultSources() of ${name} serves only the application's metrics if told so`, async () => {
    const sources = defaultSources([library], false);
    assert.deepEqual(sources, [register]);
  });
}

test("defaultSources() serves the registries of all libraries, with default metrics once", async () => {
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

test("a further library is known by its registry, which the application may serve itself", async () => {
  const libraries = [promClient15, successor] as unknown as readonly Library[];
  const [, second] = libraries;
  assert.ok(second);
  new second.Gauge({ name: "app_ready", help: "Up." }).set(1);
  const gatherer = gathererOf(defaultSources(libraries, false));
  const namesWithout = async (other: object | undefined) => {
    const isCounted = (source: object) => source !== other;
    const { families } = await gatherer.gather({ ...createContext(), isCounted });
    return Array.from(families, ({ name }) => name);
  };
  assert.deepEqual(await namesWithout(undefined), ["app_ready"]);
  assert.deepEqual(await namesWithout(second.register), []);
});
