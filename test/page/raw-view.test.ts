import assert from "node:assert/strict";
import { test } from "node:test";
import { FORMATS } from "../../src/options/options.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { MEDIA_RANGES } from "../helpers/scraping/media-ranges.ts";

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

for (const format of FORMATS) {
  test(`the page shows a browser what a scraper of ${format} gets`, () =>
    withServer({ selfMetrics: false }, async ({ port }) => {
      const get = async (target: string, accept: string) => {
        const response = await fetch(`http://127.0.0.1:${port}${target}`, {
          headers: { Accept: accept },
        });
        assert.equal(response.status, 200);
        return { headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
      };
      const scraped = await get("/metrics", MEDIA_RANGES[format]);
      const { headers, body } = await get(`/?format=${format}`, BROWSER);
      assert.deepEqual(body, scraped.body);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      const isFile = format === "protobuf";
      assert.equal(
        headers.get("content-disposition"),
        isFile ? 'attachment; filename="metrics.pb"' : null,
      );
      const type = isFile ? scraped.headers.get("content-type") : "text/plain; charset=utf-8";
      assert.equal(headers.get("content-type"), type);
    }));
}

test("the page's scrapes are events, and no requests of a scraper", () =>
  withServer({}, async ({ port }) => {
    const scrape = async (target: string, ...headers: string[]) =>
      (await rawRequest(port, request(target, { headers }))).body;
    const PAGE = "Promhttp-Page: 1";
    assert.equal(await scrape("/?name[]=up"), "# TYPE up gauge\nup 1\n");
    assert.equal(
      await scrape("/?format=text-0.0.4&name[]=up", `Accept: ${BROWSER}`),
      "# TYPE up gauge\nup 1\n",
    );
    await scrape("/metrics?name[]=up", PAGE);
    await scrape("/");
    const text = await scrape("/metrics");
    assert.match(text, /^promhttp_scrape_events_total\{event="page"\} 3$/m);
    assert.match(text, /^promhttp_metric_handler_requests_total\{code="200"\} 0$/m);
    const page = await scrape("/");
    assert.equal(page.match(/ ago<\/time><\/td>|>now<\/time><\/td>/g)?.length, 1);
  }));

test("a query of the page that is not known shows the page", () =>
  withServer({}, async ({ port }) => {
    for (const query of [
      "?format=xml",
      "?utm_source=x",
      "?%",
      "?__proto__=1",
      "?format=toString",
    ]) {
      const { status, headers } = await rawRequest(port, request(`/${query}`));
      assert.equal(status, 200, query);
      assert.match(String(headers["content-type"]), /^text\/html/, query);
    }
    assert.equal((await rawRequest(port, request("/?name[]=%"))).status, 400);
  }));
