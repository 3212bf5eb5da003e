import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { createHandler, type HandlerOptions } from "../../src/index.ts";
import { countingGatherer } from "../helpers/gatherers.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { listen, type Mount, withMount } from "../helpers/http/with-mount.ts";
import { poll } from "../helpers/poll.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

const TOKEN = "0123456789abcdef";
const BEARER = `Authorization: Bearer ${TOKEN}`;

const make = (options: HandlerOptions) => () => createHandler(countingGatherer(), options);

test("createHandler() throws for a token file that cannot be used", () =>
  withTempDir(async (directory) => {
    const file = join(directory, "tokens");
    const fault = { name: "ConfigError", code: "ERR_PROMHTTP_CONFIG", file };
    assert.throws(make({ auth: { bearerTokenFile: file } }), fault);
    for (const text of ["", "# nothing\n", "short\n"]) {
      await writeFile(file, text);
      assert.throws(make({ auth: { bearerTokenFile: file } }), fault);
    }
    const { close } = await writeFile(file, TOKEN).then(make({ auth: { bearerTokenFile: file } }));
    close();
  }));

test("a handler finds its token file when the working directory has changed", () =>
  withTempDir(async (directory) => {
    const file = join(directory, "tokens");
    await writeFile(file, TOKEN);
    const before = process.cwd();
    process.chdir(directory);
    const handler = make({ auth: { bearerTokenFile: "tokens" }, logger: false })();
    process.chdir(before);
    const statusFor = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      return (await handler.fetch(new Request("http://localhost/", { headers }))).status;
    };
    try {
      assert.equal(await statusFor(TOKEN), 200);
      await writeFile(file, `another-${TOKEN}`);
      await poll("the new token", async () => (await statusFor(`another-${TOKEN}`)) === 200);
    } finally {
      handler.close();
    }
  }));

test("createHandler() names the whole path of a token file that it cannot use", () => {
  const file = resolve("no-such-tokens");
  const fault = { name: "ConfigError", file };
  assert.throws(make({ auth: { bearerTokenFile: "no-such-tokens" } }), fault);
});

test("createHandler() throws for proxies that matter to nothing", () => {
  const trustedProxies = ["10.0.0.0/8"];
  assert.throws(make({ trustedProxies }), TypeError);
  assert.throws(make({ trustedProxies, rateLimit: { intervalMs: 1, burst: 1 } }), TypeError);
  make({ trustedProxies, allowedNetworks: ["192.0.2.0/24"] })().close();
  make({ trustedProxies, auth: { bearerTokens: [TOKEN] } })().close();
});

test("a handler that is closed before its guard has been loaded answers nobody without it", async () => {
  const handler = createHandler(countingGatherer(), {
    auth: { bearerTokens: [TOKEN] },
    logger: false,
  });
  handler.close();
  const response = await handler.fetch(new Request("http://localhost/metrics"));
  assert.equal(response.status, 401);
});

test("a handler that is closed compares no passwords any more, and starts no thread", async () => {
  const users = { prom: "$2y$04$7tOSqcC1wdfkfhZTN6FbjeYgnXcUqScCu7MWTKTcBPjhPzW/12lH." };
  const handler = createHandler(countingGatherer(), { auth: { users }, logger: false });
  const statusOf = async (login: string) => {
    const headers = { authorization: `Basic ${btoa(login)}` };
    return (await handler.fetch(new Request("http://localhost/metrics", { headers }))).status;
  };
  assert.equal(await statusOf("prom:secret"), 200);
  handler.close();
  assert.equal(await statusOf("prom:hunter2"), 503);
  assert.equal(await statusOf("prom:secret"), 200);
});

/** Mounts everything that a handler has. */
const everything: Mount = (handler) => {
  const mounts = {
    "/metrics": handler,
    "/page": handler.page,
    "/healthy": handler.health,
    "/ready": handler.ready,
    "/targets": handler.targets,
  };
  return listen(
    createServer((request, response) => {
      const mount = mounts[request.url as keyof typeof mounts];
      void mount(request, response);
    }),
  );
};

test("a handler guards its metrics, its page and its targets, and health is open", () =>
  withMount({ mount: everything, auth: { bearerTokens: [TOKEN] } }, async ({ port }) => {
    const statusOf = async (path: string, ...headers: string[]) =>
      (await rawRequest(port, request(path, { headers }))).status;
    for (const path of ["/metrics", "/page", "/targets"]) {
      assert.equal(await statusOf(path), 401, path);
    }
    for (const path of ["/healthy", "/ready"]) assert.equal(await statusOf(path), 200, path);
    for (const path of ["/metrics", "/page"]) assert.equal(await statusOf(path, BEARER), 200, path);
    assert.equal(await statusOf("/targets", BEARER), 404);
  }));

test("the page of a handler keeps its own policy, whatever the configured headers say", () => {
  const headers = { "Content-Security-Policy": "default-src 'none'", "X-Frame-Options": "deny" };
  return withMount({ mount: everything, headers }, async ({ port, handler }) => {
    const asked = await rawRequest(port, request("/page"));
    const fetched = await handler.page.fetch(new Request("http://localhost/page"));
    await fetched.text();
    assert.match(String(asked.headers["content-security-policy"]), /style-src/);
    assert.match(String(fetched.headers.get("content-security-policy")), /style-src/);
    assert.equal(fetched.headers.get("x-frame-options"), "deny");
  });
});

test("a handler counts what it refuses among its metrics", () =>
  withMount({ auth: { bearerTokens: [TOKEN] }, allowedHosts: ["test"] }, async ({ port }) => {
    const ask = (...headers: string[]) => rawRequest(port, request("/metrics", { headers }));
    assert.equal((await ask()).status, 401);
    assert.equal((await ask(`${BEARER}?`)).status, 401);
    assert.equal((await ask(BEARER, "Host: evil")).status, 403);
    const { body } = await ask(BEARER);
    for (const reason of ["credentials_missing", "credentials_wrong", "host"]) {
      assert.match(
        body,
        new RegExp(`^promhttp_refused_requests_total\\{reason="${reason}"\\} 1$`, "m"),
      );
    }
    assert.match(body, /^promhttp_refused_requests_total\{reason="network"\} 0$/m);
  }));

test("a handler locks nobody out, for all may come through one proxy, unless proxies are named", async () => {
  const auth = { bearerTokens: [TOKEN] };
  for (const [proxies, last] of [
    [{}, 401],
    [{ trustedProxies: ["192.0.2.1"] }, 429],
  ] as const) {
    await withMount({ auth, ...proxies }, async ({ port }) => {
      const wrong = request("/metrics", { headers: [`${BEARER}?`] });
      for (let index = 0; index < 10; index++) {
        assert.equal((await rawRequest(port, wrong)).status, 401);
      }
      assert.equal((await rawRequest(port, wrong)).status, last);
    });
  }
});

test("a handler gives every answer the headers that are set, also one that refuses", () =>
  withMount(
    { auth: { bearerTokens: [TOKEN] }, headers: { "X-Frame-Options": "deny" } },
    async ({ port }) => {
      for (const headers of [[], [BEARER]]) {
        const answer = await rawRequest(port, request("/metrics", { headers }));
        assert.equal(answer.status, headers.length > 0 ? 200 : 401);
        assert.equal(answer.headers["x-frame-options"], "deny");
      }
    },
  ));

test("a handler needs no other option for a limit on the rate, or for headers", async () => {
  await withMount({ rateLimit: { intervalMs: 3_600_000, burst: 1 } }, async ({ port }) => {
    assert.equal((await rawRequest(port, request("/metrics"))).status, 200);
    assert.equal((await rawRequest(port, request("/metrics"))).status, 429);
  });
  await withMount({ headers: { "X-Frame-Options": "deny" } }, async ({ port }) => {
    const { headers } = await rawRequest(port, request("/metrics"));
    assert.equal(headers["x-frame-options"], "deny");
  });
});

test("a handler without such options has no such metric", () =>
  withMount({}, async ({ port }) => {
    const { body } = await rawRequest(port, request("/metrics"));
    assert.doesNotMatch(body, /refused/);
  }));

test("a handler takes the address of its client from a proxy that is named", () => {
  const options = { trustedProxies: ["127.0.0.0/8"], allowedNetworks: ["192.0.2.0/24"] };
  return withMount(options, async ({ port }) => {
    const statusOf = async (...headers: string[]) =>
      (await rawRequest(port, request("/metrics", { headers }))).status;
    assert.equal(await statusOf("X-Forwarded-For: 192.0.2.1"), 200);
    assert.equal(await statusOf("X-Forwarded-For: 192.0.2.1, 198.51.100.1"), 403);
    assert.equal(
      await statusOf("X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 198.51.100.1"),
      403,
    );
    assert.equal(await statusOf(), 403);
  });
});
