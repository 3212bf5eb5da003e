import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import type { Handler, Mount as Mounting } from "../../src/index.ts";
import { createGate } from "../helpers/gate.ts";
import { blockingGatherer, countingGatherer } from "../helpers/gatherers.ts";
import { rawExchange, rawRequest, request } from "../helpers/http/raw-request.ts";
import { listen, type Mount, withMount } from "../helpers/http/with-mount.ts";
import { turns } from "../helpers/turns.ts";
import { within } from "../helpers/within.ts";

const MOUNTS = {
  health: { status: 200, body: "Healthy.\n" },
  ready: { status: 200, body: "Ready.\n" },
} as const;

type Name = keyof typeof MOUNTS | "page";

/** Mounts one of a handler's mounts instead of the handler. */
function only(name: Name): Mount {
  return (handler) => listen(createServer(handler[name]));
}

for (const [name, { status, body }] of Object.entries(MOUNTS)) {
  test(`handler.${name} answers at any path, without gathering`, async () => {
    const source = countingGatherer();
    await withMount({ source, mount: only(name as Name) }, async ({ port, log }) => {
      for (const target of ["/", "/any/path?name[]=up"]) {
        const answer = await rawRequest(port, request(target));
        assert.equal(answer.status, status);
        assert.equal(answer.body, body);
        assert.equal(answer.headers["content-type"], "text/plain; charset=utf-8");
        assert.equal(answer.headers["x-content-type-options"], "nosniff");
      }
      assert.equal((await rawRequest(port, request("/", { method: "POST" }))).status, 405);
      assert.equal(source.calls, 0);
      assert.deepEqual(log, []);
    });
  });

  test(`handler.${name}.fetch answers as handler.${name} does`, () =>
    withMount({ allowedHosts: ["localhost"] }, async ({ handler }) => {
      const { fetch } = handler[name as Name];
      const answer = await fetch(new Request("http://localhost/any/path"));
      assert.equal(answer.status, status);
      assert.equal(await answer.text(), body);
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
      assert.equal((await fetch(new Request("http://evil.example.com/"))).status, 403);
    }));
}

test("handler.page shows the page at any path, and all of it at that path", () =>
  withMount({ mount: only("page") }, async ({ port, log }) => {
    for (const target of ["/", "/any/path"]) {
      const { status, headers, body } = await rawRequest(port, request(target));
      assert.equal(status, 200);
      assert.equal(headers["content-type"], "text/html; charset=utf-8");
      assert.match(String(headers["content-security-policy"]), /^default-src 'none'/);
      const links = Array.from(body.matchAll(/href="([^"]*)"/g), ([, link = ""]) => link);
      assert.ok(links.length > 5 && links.every((link) => link.startsWith("?")), links.join());
      const raw = await rawRequest(port, request(`${target}?format=text-0.0.4&name[]=up`));
      assert.equal(raw.body, "# TYPE up gauge\nup 1\n");
    }
    assert.equal((await rawRequest(port, request("/", { method: "POST" }))).status, 405);
    assert.deepEqual(log, []);
  }));

test("handler.page has the scrapes that the handler has answered, with their clients", () => {
  const mount: Mount = (handler) =>
    listen(
      createServer((incoming, response) =>
        incoming.url?.startsWith("/page")
          ? handler.page(incoming, response)
          : handler(incoming, response),
      ),
    );
  return withMount({ mount }, async ({ port }) => {
    await rawRequest(port, request("/metrics", { headers: ["User-Agent: <Prometheus>"] }));
    const { body } = await rawRequest(port, request("/page"));
    assert.match(body, /&lt;Prometheus&gt; <span>127\.0\.0\.1<\/span><\/th><td>200</);
  });
});

test("handler.page.fetch shows the page through the Fetch API", () =>
  withMount({ allowedHosts: ["localhost"] }, async ({ handler }) => {
    const { fetch } = handler.page;
    const get = (target: string, init?: RequestInit) =>
      fetch(new Request(`http://localhost/any/path${target}`, init));
    await handler.fetch(new Request("http://localhost/", { headers: { "User-Agent": "curl/8" } }));
    const page = await get("");
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<th scope="row">curl\/8<\/th><td>200</);
    assert.match(await (await get("?family=up")).text(), /<h1><code>up<\/code><\/h1>/);
    assert.equal(await (await get("?name[]=up")).text(), "# TYPE up gauge\nup 1\n");
    assert.equal(JSON.parse(await (await get("?families")).text())[0][0], "up");
    const head = await get("", { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
    assert.equal((await fetch(new Request("http://evil.example.com/"))).status, 403);
  }));

test("handler.ready answers 503 between setReady(false) and setReady(true)", () =>
  withMount({ mount: only("ready") }, async ({ handler, port, log }) => {
    const answers = async () => {
      const response = await handler.ready.fetch(new Request("http://localhost/"));
      const { status, body } = await rawRequest(port, request("/"));
      assert.equal(status, response.status);
      assert.equal(body, await response.text());
      return [status, body];
    };
    handler.setReady(false);
    assert.deepEqual(await answers(), [503, "Not ready.\n"]);
    const scrape = await handler.fetch(new Request("http://localhost/"));
    assert.equal(scrape.status, 200);
    handler.setReady(true);
    assert.deepEqual(await answers(), [200, "Ready.\n"]);
    assert.deepEqual(log, []);
  }));

/** The mounts of a handler, itself included. */
function mountsOf(handler: Handler): readonly Mounting[] {
  return [handler, handler.health, handler.ready, handler.page];
}

for (const [name, target] of [
  ["the absolute-form", "http://metrics.example.com/metrics"],
  ["the absolute-form without a path", "http://metrics.example.com"],
] as const) {
  test(`a mount takes the host from ${name}`, () =>
    withMount({ allowedHosts: ["metrics.example.com"] }, async ({ port }) => {
      const answer = await rawRequest(port, request(target, { headers: ["Host: other"] }));
      assert.equal(answer.status, 200);
      const other = target.replace("metrics.", "evil.");
      const headers = ["Host: metrics.example.com"];
      assert.equal((await rawRequest(port, request(other, { headers }))).status, 403);
      const invalid = target.replace("metrics.", "user@metrics.");
      assert.equal((await rawRequest(port, request(invalid, { headers }))).status, 400);
    }));
}

const CHUNKED = "Transfer-Encoding: chunked";

test("a mount rejects a request in chunks at its first byte of content", async () => {
  const source = countingGatherer();
  await withMount({ source }, async ({ connect, log }) => {
    const connection = await connect();
    await connection.send(request("/", { headers: [CHUNKED] }));
    await turns(3);
    assert.equal(connection.received, "");
    await connection.send("5\r\nh");
    assert.match(await connection.closed(), /^HTTP\/1\.1 413 .*\r\nConnection: close\r\n/s);
    assert.equal(source.calls, 0);
    assert.deepEqual(log, []);
  });
});

test("a mount waits for the end of a request in chunks for as long as a scrape may take", () =>
  withMount({ timeoutMs: 50 }, async ({ port, log }) => {
    const text = await rawExchange(port, request("/", { headers: [CHUNKED] }));
    assert.match(text, /^HTTP\/1\.1 408 Request Timeout\r\n/);
    assert.deepEqual(log, []);
  }));

test("a mount does not wait for a request that something else has read", () => {
  const mount: Mount = (handler) =>
    listen(
      createServer((incoming, response) => {
        incoming.on("end", () => handler(incoming, response));
        incoming.resume();
      }),
    );
  return withMount({ mount }, async ({ port }) => {
    const bytes = `${request("/", { headers: [CHUNKED] })}5\r\nhello\r\n0\r\n\r\n`;
    assert.equal((await rawRequest(port, bytes)).status, 200);
  });
});

/** A `GET` in chunks: the Fetch API makes no such request with a body, but a runtime may. */
function chunkedRequest(body: ReadableStream): Request {
  const headers = { "Transfer-Encoding": "chunked" };
  const posted = new Request("http://localhost/", {
    method: "POST",
    headers,
    body,
    duplex: "half",
  });
  return new Proxy(posted, {
    get: (target, name) => (name === "method" ? "GET" : Reflect.get(target, name, target)),
  });
}

function streamOf(...chunks: readonly string[]): ReadableStream {
  return ReadableStream.from(chunks.map((chunk) => Buffer.from(chunk)));
}

const statusOf = async ({ fetch }: Handler, body: ReadableStream): Promise<number> =>
  (await fetch(chunkedRequest(body))).status;

test("fetch() serves a request in chunks without content, and rejects any content", () =>
  withMount({}, async ({ handler, log }) => {
    assert.equal(await statusOf(handler, streamOf()), 200);
    assert.equal(await statusOf(handler, streamOf("", "")), 200);
    assert.equal(await statusOf(handler, streamOf("", "h")), 413);
    const broken = new ReadableStream({ start: (stream) => stream.error(new Error("broken")) });
    assert.equal(await statusOf(handler, broken), 408);
    assert.deepEqual(log, []);
  }));

test("fetch() waits for the end of a request in chunks for as long as a scrape may take", () =>
  withMount({ timeoutMs: 100 }, async ({ handler }) => {
    assert.equal(await statusOf(handler, new ReadableStream()), 408);
  }));

test("the promise of a mount resolves when its client disconnects", async () => {
  const source = blockingGatherer();
  const answered = createGate();
  const mount: Mount = (handler) =>
    listen(createServer((incoming, response) => handler(incoming, response).then(answered.open)));
  await withMount({ source, mount }, async ({ connect, log }) => {
    const connection = await connect();
    await connection.send(request("/"));
    await source.started();
    connection.socket.destroy();
    await within("the promise", answered.promise);
    assert.deepEqual(log, []);
  });
});

test("the promise of a mount resolves when the response is finished", async () => {
  for (const index of [0, 1, 2, 3]) {
    const finished: boolean[] = [];
    const mount: Mount = (handler) =>
      listen(
        createServer(async (incoming, response) => {
          const answered = mountsOf(handler)[index]?.(incoming, response);
          assert.ok(answered instanceof Promise);
          assert.equal(await answered, undefined);
          finished.push(response.writableFinished);
        }),
      );
    await withMount({ mount }, async ({ port, log }) => {
      for (const method of ["GET", "HEAD", "POST", "OPTIONS"] as const) {
        await rawRequest(port, request("/", { method }));
      }
      assert.deepEqual(finished, [true, true, true, true]);
      assert.deepEqual(log, []);
    });
  }
});
