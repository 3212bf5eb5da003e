import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attributes, Resource } from "../../../src/gatherers/opentelemetry/collected.ts";
import { gathererOf } from "../../../src/gatherers/opentelemetry/gatherer.ts";
import type { MappingOptions } from "../../../src/gatherers/opentelemetry/mapping-options.ts";
import { createContext, createExpose } from "../../helpers/scraping/gathering.ts";
import { createScraper } from "../../helpers/scraping/scraper.ts";
import { collection, metric, point, readerOf, scope } from "./collections.ts";

const ATTRIBUTES = {
  "service.name": "shop",
  "service.version": "1.0",
  "host.id": "h",
  "a.b": "1",
  a_b: 2,
  "process.command_args": ["node", "x"],
};

const SCOPES = [scope("s", metric("counter", "c", [point(1, { x: 1 })]))];

test("target_info has all attributes of the resource, and no others", async () => {
  const { text } = await createExpose(gathererOf(readerOf([], { attributes: ATTRIBUTES })))();
  assert.equal(
    text,
    "# HELP target_info Target metadata\n# TYPE target_info gauge\n" +
      'target_info{service_name="shop",service_version="1.0",host_id="h",a_b="1;2",' +
      'process_command_args="[\\"node\\",\\"x\\"]"} 1\n',
  );
});

test("target_info is an info in OpenMetrics", async () => {
  const scraper = createScraper(gathererOf(readerOf([], { attributes: { a: "b" } })));
  const { body } = await scraper.scrape({ accept: "application/openmetrics-text;version=1.0.0" });
  assert.equal(
    body.toString(),
    '# TYPE target info\n# HELP target Target metadata\ntarget_info{a="b"} 1\n# EOF\n',
  );
});

test("an empty resource has no target_info, and an option switches it off", async () => {
  const none = await createExpose(gathererOf(readerOf([], { attributes: {} })))();
  assert.equal(none.text, "");
  const reader = readerOf([], { attributes: ATTRIBUTES });
  assert.equal((await createExpose(gathererOf(reader, { targetInfoEnabled: false }))()).text, "");
});

test("resourceConstantLabels selects attributes as labels of all series", async () => {
  const both = 'service_name="shop",service_version="1.0"';
  const table: [filter: MappingOptions["resourceConstantLabels"], labels: string][] = [
    [{ included: ["service.*"] }, both],
    [{ included: ["service.*"], excluded: ["*.version"] }, 'service_name="shop"'],
    [{ excluded: ["?_?", "a.b", "process*", "service*"] }, 'host_id="h"'],
    [{ included: ["service.nam?"] }, 'service_name="shop"'],
    [{ included: ["SERVICE.NAME", "service"] }, ""],
    [/^service\./, both],
    [/service/gy, both],
    [(key) => key === "host.id", 'host_id="h"'],
    [/^a/, 'a_b="1;2"'],
  ];
  for (const [resourceConstantLabels, labels] of table) {
    const reader = readerOf(SCOPES, { attributes: ATTRIBUTES });
    const options = { resourceConstantLabels, scopeInfoEnabled: false };
    const { text } = await createExpose(gathererOf(reader, options))();
    const comma = labels === "" ? "" : ",";
    assert.ok(text.includes(`\nc_total{x="1"${comma}${labels}} 1\n`), text);
    assert.match(text, /^target_info\{.*service_version="1.0",host_id="h"/m);
  }
});

test("a resource that changes changes target_info and the labels of all series", async () => {
  let attributes: Attributes = { "service.name": "a", x: "1" };
  const resource: Resource = {
    get attributes() {
      return attributes;
    },
  };
  const gatherer = gathererOf(
    { collect: async () => collection(SCOPES, resource) },
    { resourceConstantLabels: /^service/, scopeInfoEnabled: false },
  );
  const expose = createExpose(gatherer);
  const { text } = await expose();
  const { families } = await gatherer.gather(createContext());
  attributes = { "service.name": "a", x: "2" };
  assert.equal((await expose()).text, text.replace('name="a",x="1"', 'name="a",x="2"'));
  const [, counter] = [...families];
  assert.equal([...(await gatherer.gather(createContext())).families][1], counter);
  attributes = { "service.name": "b", x: "2" };
  const changed = await expose();
  assert.equal(
    changed.text,
    text.replace('name="a",x="1"', 'name="b",x="2"').replace('name="a"', 'name="b"'),
  );
});
