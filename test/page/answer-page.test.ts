import assert from "node:assert/strict";
import { test } from "node:test";
import { Gauge, Registry } from "prom-client";
import { type Gatherer, type MetricFamily, Server } from "../../src/index.ts";
import { resolveOptions } from "../../src/options/rules.ts";
import { createPage } from "../../src/page/open-page.ts";
import type { PageLink } from "../../src/scrape/exchange.ts";
import { countingGatherer } from "../helpers/gatherers.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { turnsUntil } from "../helpers/turns.ts";
import { within } from "../helpers/within.ts";
import { createHarness, scraperOf } from "../scrape/harness.ts";

const SECRET = "the password is s3cr3t";

/** Gauges of one label set each. */
function gauges(count: number): MetricFamily[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `gauge_${index}`,
    help: "A gauge.",
    type: "gauge",
    metrics: [{ labels: {}, value: 1 }],
  }));
}

test("the page's policy allows its style and script by a new nonce each time", () =>
  withServer({}, async ({ port }) => {
    const nonces = new Set<string>();
    for (let round = 0; round < 3; round++) {
      const { status, headers, body } = await rawRequest(port, request("/"));
      assert.equal(status, 200);
      assert.equal(headers["content-type"], "text/html; charset=utf-8");
      assert.equal(headers["cache-control"], "no-store");
      assert.equal(headers["referrer-policy"], "no-referrer");
      assert.equal(headers["x-content-type-options"], "nosniff");
      const nonce = /<script nonce="([^"]+)"/.exec(body)?.[1] ?? "";
      assert.equal(Buffer.from(nonce, "base64").length, 16);
      assert.equal(
        headers["content-security-policy"],
        `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; ` +
          "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      nonces.add(nonce);
    }
    assert.equal(nonces.size, 3);
  }));

test("the page's policy allows forms only where there is one, and only to its own server", async () => {
  const harness = createHarness(countingGatherer());
  const policyWith = async (link: PageLink) => {
    const context = { scrapeHandler: harness, options: resolveOptions({}), paths: [link] };
    const page = createPage({ ...context, log: harness.log });
    return (await scraperOf({ scrape: page }).get())?.headers["Content-Security-Policy"] ?? "";
  };
  assert.match(await policyWith({ path: "/metrics" }), /; form-action 'none';/);
  assert.match(await policyWith({ path: "/probe", probe: {} }), /; form-action 'self';/);
});

test("the page shows what is exported, and does not count as a scrape", () =>
  withServer({}, async ({ port }) => {
    const { body } = await rawRequest(port, request("/"));
    assert.match(body, /<code>up<\/code>/);
    const { body: metrics } = await rawRequest(port, request("/metrics"));
    assert.match(metrics, /requests_total\{code="200"\} 0\n/);
  }));

test("the page shows the process of an application in another thread, and how that does", async () => {
  const harness = createHarness(countingGatherer());
  const application = {
    process: { pid: 4711, uptimeSeconds: 60, program: "/nowhere/shop.js", directory: undefined },
    state: () => ({ stuckSeconds: 5, ageSeconds: 6 }),
  };
  const context = { scrapeHandler: harness, options: resolveOptions({}), paths: [], application };
  const page = createPage({ ...context, log: harness.log });
  for (const query of ["", "family=up"]) {
    const { text = "" } = (await scraperOf({ scrape: page }).get({ query })) ?? {};
    assert.match(text, /has been stuck for 5 s\. Its last metrics are from 6 s ago\./);
    if (query === "") assert.match(text, /process 4711 on .*, up 1 min/);
  }
});

test("HEAD / has the headers of the page, and gathers nothing", async () => {
  const source = countingGatherer();
  await withServer({ source }, async ({ port }) => {
    const { status, headers, rest } = await rawRequest(port, request("/", { method: "HEAD" }));
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "text/html; charset=utf-8");
    assert.match(String(headers["content-security-policy"]), /^default-src 'none';/);
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(rest, "");
    assert.equal(source.calls, 0);
  });
});

test("a long page is streamed, and bounded", () =>
  withServer({ source: { gather: () => ({ families: gauges(3_000) }) } }, async ({ port }) => {
    const { headers, body } = await rawRequest(port, request("/"));
    assert.equal(headers["transfer-encoding"], "chunked");
    assert.equal(body.match(/<tr><th scope="row"><a href="\?family=gauge_/g)?.length, 1_000);
    assert.match(body, /\d,\d{3} smaller families/);
    assert.ok(body.endsWith("</html>\n"));
  }));

test("a page is sent no faster than its client reads it", async () => {
  const families = gauges(1_000).map((family) => ({ ...family, help: "&".repeat(300) }));
  await withServer({ source: { gather: () => ({ families }) } }, async ({ port, connect }) => {
    const slow = await connect();
    slow.socket.pause();
    void slow.send(request("/"));
    // Others are served meanwhile: it takes none of the four places.
    for (let round = 0; round < 6; round++) {
      assert.equal((await rawRequest(port, request("/"))).status, 200);
    }
    slow.socket.resume();
    const { body } = await slow.response();
    assert.ok(body.endsWith("</html>\n"));
  });
});

const FAILURES: readonly [how: string, source: Gatherer][] = [
  [
    "throws",
    {
      gather: () => {
        throw new Error(SECRET);
      },
    },
  ],
  ["rejects", { gather: () => Promise.reject(new Error(SECRET)) }],
];

for (const [how, source] of FAILURES) {
  test(`the page of a gatherer that ${how} shows that, but not the error`, () =>
    withServer({ source: [source, countingGatherer()] }, async ({ port, log }) => {
      const { status, body } = await rawRequest(port, request("/"));
      assert.equal(status, 200);
      assert.match(
        body,
        /Scrapes are answered with 500, because these failed: <code>gatherer 1<\/code>\. See the process log/,
      );
      assert.match(body, /<code>up<\/code>/);
      assert.doesNotMatch(body, /s3cr3t/);
      assert.match(String(log), /s3cr3t/);
    }));
}

test("the page of a gatherer that hangs is a 503 that names it", () =>
  withServer(
    { source: { gather: () => new Promise(() => {}) }, timeoutMs: 20 },
    async ({ port }) => {
      const { status, headers, body } = await rawRequest(port, request("/"));
      assert.equal(status, 503);
      assert.match(String(headers["content-type"]), /^text\/html/);
      assert.match(body, /took too long: <code>gatherer 1<\/code>\. See the process log\./);
    },
  ));

test("a flood of requests for the page is refused except four at once", async () => {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const up = countingGatherer();
  const source: Gatherer = {
    async gather(context) {
      await gate;
      return up.gather(context);
    },
  };
  await withServer({ source }, async ({ port }) => {
    const answers = Array.from({ length: 40 }, () => rawRequest(port, request("/")));
    let refused = 0;
    for (const answer of answers)
      void answer.then(({ status }) => (refused += Number(status === 503)));
    await turnsUntil("all but four to be refused", () => refused === 36);
    open();
    const all = await within("the rest", Promise.all(answers));
    assert.equal(all.filter(({ status }) => status === 200).length, 4);
    const busy = all.find(({ status }) => status === 503);
    assert.equal(busy?.headers["retry-after"], "1");
    assert.match(String(busy?.body), /This page is busy/);
    // All of them are one run of the collectors.
    assert.equal(up.calls, 1);
  });
});

test("a client that disconnects while the page is made stops the collectors", async () => {
  let signal: AbortSignal | undefined;
  const source: Gatherer = {
    gather: (context) => {
      ({ signal } = context);
      return new Promise(() => {});
    },
  };
  await withServer({ source }, async ({ connect, log }) => {
    const connection = await connect();
    void connection.send(request("/"));
    await turnsUntil("the collectors to run", () => signal !== undefined);
    connection.socket.destroy();
    await turnsUntil("the collectors to be stopped", () => signal?.aborted === true);
    assert.deepEqual(log, []);
  });
});

for (const { isGone, logged } of [
  { isGone: true, logged: 0 },
  { isGone: false, logged: 1 },
]) {
  test(`a page that is cut off is ${isGone ? "not " : ""}logged, ${isGone ? "as" : "unless"} its client has disconnected`, async () => {
    const harness = createHarness(countingGatherer());
    const context = { scrapeHandler: harness, options: resolveOptions({}), paths: [] };
    const page = createPage({ ...context, log: harness.log });
    const client = new AbortController();
    await scraperOf({ scrape: page }).run({ signal: client.signal }, async () => {
      if (isGone) client.abort(new Error("gone"));
      throw new Error("cut off");
    });
    assert.equal(harness.logged.length, logged);
  });
}

const BROWSER =
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
const PROMETHEUS =
  "Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

test("a browser at the path of the metrics gets text, and a scraper at / the page", () =>
  withServer({}, async ({ port }) => {
    const type = async (path: string, accept: string) => {
      const { headers } = await rawRequest(port, request(path, { headers: [accept] }));
      return headers["content-type"];
    };
    assert.equal(await type("/metrics", BROWSER), "text/plain; version=0.0.4; charset=utf-8");
    assert.match(String(await type("/metrics", PROMETHEUS)), /^application\/openmetrics-text/);
    assert.equal(await type("/", PROMETHEUS), "text/html; charset=utf-8");
    assert.equal(await type("/", BROWSER), "text/html; charset=utf-8");
  }));

test("the metrics path never serves HTML, whatever it is and whatever fails", async () => {
  const source = { gather: () => Promise.reject(new Error(SECRET)) };
  for (const path of ["/", "/metrics"]) {
    await withServer({ source, path }, async ({ port }) => {
      const { status, headers } = await rawRequest(port, request(path, { headers: [BROWSER] }));
      assert.equal(status, 500);
      assert.equal(headers["content-type"], "text/plain; charset=utf-8");
    });
  }
});

test("the list has every family, in slices, and HEAD gathers nothing for it", async () => {
  const source = countingGatherer();
  await withServer(
    { source: [source, { gather: () => ({ families: gauges(30_000) }) }] },
    async ({ port }) => {
      const head = await rawRequest(port, request("/?families", { method: "HEAD" }));
      assert.deepEqual([head.status, source.calls], [200, 0]);
      const { headers, body } = await rawRequest(port, request("/?families"));
      assert.equal(headers["content-type"], "application/json");
      assert.equal(headers["transfer-encoding"], "chunked");
      const names = (JSON.parse(body) as string[][]).map(([name]) => name);
      const own = names.filter((name) => name?.startsWith("promhttp_"));
      assert.equal(names.length, 30_000 + 1 + own.length);
      assert.ok(names.includes("gauge_29999") && own.includes("promhttp_scrape_events_total"));
    },
  );
});

test("the page of 30,000 families stays light", () =>
  withServer({ source: { gather: () => ({ families: gauges(30_000) }) } }, async ({ port }) => {
    const { body } = await rawRequest(port, request("/"));
    assert.ok(body.length < 400_000, `${body.length} bytes`);
    assert.match(body, /<dd>30,00\d<\/dd>/);
  }));

test("the page of a family has its values, and never an error", () =>
  withServer({}, async ({ port }) => {
    const { status, headers, body } = await rawRequest(port, request("/?family=up"));
    assert.equal(status, 200);
    assert.match(String(headers["content-security-policy"]), /^default-src 'none'/);
    assert.match(body, /<h1><code>up<\/code><\/h1>/);
    assert.match(body, /<code>up<\/code><\/th><td class="plot"><\/td><td>1</);
    const other = await rawRequest(port, request("/?family=%3Cscript%3Ealert(1)%3C/script%3E"));
    assert.match(other.body, /There is no metric family of this name now/);
    assert.doesNotMatch(other.body, /<script>alert/);
  }));

test("the page of a family runs only what a scrape of it would run", async () => {
  const asked: boolean[] = [];
  const source: Gatherer = {
    gather({ isRequested }) {
      asked.push(isRequested("gauge_1", "gauge"), isRequested("gauge_2", "gauge"));
      return { families: gauges(3) };
    },
  };
  await withServer({ source }, async ({ port }) => {
    const { body } = await rawRequest(port, request("/?family=gauge_1"));
    assert.match(body, /<h1><code>gauge_<wbr>1<\/code>/);
    assert.deepEqual(asked, [true, false]);
  });
});

test("a family whose name cannot be encoded has a page all the same", async () => {
  const families = gauges(1).map((family) => ({ ...family, name: "lone\ud800" }));
  await withServer({ source: { gather: () => ({ families }) } }, async ({ port }) => {
    const { body } = await rawRequest(port, request("/"));
    const [, href = ""] = /href="(\?family=lone[^"]*)"/.exec(body) ?? [];
    const page = await rawRequest(port, request(`/${href}`));
    assert.match(page.body, /<td>1</);
  });
});

test("a page whose code throws is a 500 with a fixed text, and logged", async () => {
  const families = new Proxy(gauges(1), {
    get(target, name) {
      if (name === Symbol.iterator) throw new Error(SECRET);
      return Reflect.get(target, name);
    },
  });
  await withServer({ source: { gather: () => ({ families }) } }, async ({ port, log }) => {
    const { status, body } = await rawRequest(port, request("/"));
    assert.equal(status, 500);
    assert.doesNotMatch(body, /s3cr3t/);
    assert.match(String(log), /s3cr3t/);
  });
});

test("the page of a process whose collector hangs names the collector", async () => {
  const registers = [new Registry()];
  const help = "A gauge.";
  new Gauge({ name: "fast", help, registers }).set(1);
  new Gauge({ name: "hangs", help, registers, collect: () => new Promise<void>(() => {}) });
  const options = { logger: false, timeoutMs: 200 } as const;
  await using server = await Server.listen(registers, "127.0.0.1:0", options);
  assert.equal((await fetch(server.url)).status, 503);
  for (const query of ["", "?family=hangs"]) {
    const response = await fetch(new URL(`/${query}`, server.url));
    assert.equal(response.status, 503);
    const page = await response.text();
    assert.match(page, /answered with 503, because these took too long: <code>hangs<\/code>\./);
  }
  // The others can be looked at.
  const other = await fetch(new URL("/?family=fast", server.url));
  assert.equal(other.status, 200);
  await other.text();
});
