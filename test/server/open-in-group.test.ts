import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { createHandler, ListenError, Server, type ServerOptions } from "../../src/index.ts";
import { gaugeOf } from "../helpers/families.ts";
import { createGate } from "../helpers/gate.ts";
import { countingGatherer, gathererWith } from "../helpers/gatherers.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { netServer } from "../helpers/http/net-server.ts";
import { RawConnection } from "../helpers/http/raw-connection.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { CERTIFICATE, connectTls } from "../helpers/http/tls.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { forkNode } from "../helpers/processes/fork-fixture.ts";
import { createRecorder } from "../helpers/scraping/recorder.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { within } from "../helpers/within.ts";
import { Application } from "../helpers/workers/application.ts";
import { newGroup, RUNTIME_FOLDER } from "../helpers/workers/own-group.ts";
import { eventually, scrape } from "../helpers/workers/reading.ts";

const ONE = [{ labels: {}, value: 1 }];

const inGroup = (): Pick<ServerOptions, "workers"> => ({ workers: { group: newGroup() } });

async function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

test("Server.role is alone without the option", () =>
  withServer({}, async ({ server }) => assert.equal(server.role, "alone")));

test("the first server of a group is its hub, and serves what it would serve alone", () =>
  withServer({ ...inGroup(), selfMetrics: false }, async ({ server, port, log }) => {
    assert.equal(server.role, "hub");
    assert.equal(server.url, `http://127.0.0.1:${port}/metrics`);
    const { status, body } = await httpGet(server.url);
    assert.deepEqual([status, `${body}`], [200, "# TYPE up gauge\nup 1\n"]);
    assert.deepEqual(log, []);
  }));

test("sources that have names are served together, and a scrape of all cannot pick among them", () => {
  const source = {
    cpu: gathererWith(gaugeOf(ONE, "cpu")),
    disk: gathererWith(gaugeOf(ONE, "disk")),
  };
  return withServer({ ...inGroup(), selfMetrics: false, source }, async ({ server }) => {
    const { body } = await httpGet(server.url);
    assert.deepEqual(`${body}`.match(/^\w+(?= )/gm), ["cpu", "disk"]);
    for (const query of ["collect[]=cpu", "exclude[]=cpu", "worker=0&collect[]=cpu"]) {
      const refused = await httpGet(`${server.url}?${query}`);
      assert.equal(refused.status, 400);
      assert.match(`${refused.body}`, /^With several workers, /);
    }
  });
});

test("a gatherer that declares parameters cannot be one of several workers", async () => {
  const source = { ...gathererWith(gaugeOf(ONE, "up")), params: ["room"] };
  const options = inGroup();
  const message = /params cannot be served with the option "workers"/;
  await assert.rejects(Server.listen(source, "127.0.0.1:0", options), {
    name: "TypeError",
    message,
  });
  assert.throws(() => createHandler(source, options), { name: "TypeError", message });
});

test("a hub with TLS tells it to members and to scrapers", () =>
  withServer({ ...inGroup(), tls: CERTIFICATE, auth: { authorize: () => true } }, async (hub) => {
    assert.equal(hub.server.url, `https://127.0.0.1:${hub.port}/metrics`);
    const client = new RawConnection(connectTls(hub.port));
    await client.send(request("/-/targets"));
    const [{ labels }] = JSON.parse((await client.response()).body);
    assert.deepEqual(labels, { __scheme__: "https", __param_worker: "0", worker: "0" });
    client.socket.destroy();
    await client.closed();
  }));

test("where every worker listens, each asks for credentials", async () => {
  const { server: address } = await netServer();
  const auth = { bearerTokens: ["0123456789abcdef"] };
  await withServer({ ...inGroup(), address, auth }, async ({ port }) => {
    assert.equal((await rawRequest(port, request("/metrics"))).status, 401);
    const headers = ["Authorization: Bearer 0123456789abcdef"];
    assert.equal((await rawRequest(port, request("/metrics", { headers }))).status, 200);
  });
});

test("address and url of a member are those of the hub, whichever that is", async () => {
  await using app = await Application.start({ kind: "fork" });
  const workers = [app.root, await app.startWorker(), await app.startWorker()];
  const [hub, first, second] = workers as [typeof app.root, typeof app.root, typeof app.root];
  for (const worker of workers) await worker.tell("listen", "127.0.0.1:0", { workers: true });
  const before = await hub.tell("state");
  assert.equal(before.role, "hub");
  for (const member of [first, second]) {
    assert.deepEqual(await member.tell("state"), { role: "member", url: before.url });
    await member.tell("inc", "jobs_total", 3);
  }
  assert.equal((await scrape(before.url)).value("jobs_total"), 6);
  await first.kill();
  await hub.tell("close");
  // The port was one that the system had chosen.
  const url = async () => (await second.tell("state")).url;
  const read = async () => scrape(await url());
  const reading = await eventually("the next hub", read, (each) => each.workers("up") === 1);
  assert.equal(reading.value("jobs_total"), 6);
  assert.equal((await second.tell("state")).role, "hub");
  assert.notEqual(await url(), before.url);
});

test("only the hub of a cluster listens, and nobody warns of a shared port", async () => {
  const app = await Application.open({ kind: "cluster", isRootServing: false, count: 3 });
  try {
    for (const worker of app.workers) await worker.tell("inc", "jobs_total", 10);
    assert.equal((await app.scrape()).value("jobs_total"), 30);
    const [hub] = app.workers;
    // Its primary, which shares ports, has not kept this one.
    await hub?.tell("close");
    const sum = (up: number) =>
      eventually(
        "the next hub",
        () => app.scrape(),
        (each) => each.workers("up") === up,
      );
    assert.equal((await sum(2)).value("jobs_total"), 30);
  } finally {
    assert.equal(await app.close(), "");
  }
});

test("close() of the hub frees the port, and closed resolves", async () => {
  const server = await Server.listen(countingGatherer(), "127.0.0.1:0", inGroup());
  const { port } = server.address as { port: number };
  const order: string[] = [];
  const closed = server.closed.then(() => order.push("closed"));
  await server.close();
  order.push("close()");
  await closed;
  assert.deepEqual(order.sort(), ["close()", "closed"]);
  assert.equal(await isOpen(port), false);
  // Where it was stays what it says.
  assert.equal(server.url, `http://127.0.0.1:${port}/metrics`);
});

test("run() of a group ends with its signal, and the group with it", async () => {
  const shutdown = new AbortController();
  const options = { ...inGroup(), logger: createRecorder() };
  const port = await freePort();
  const ran = Server.run(countingGatherer(), port, shutdown.signal, options);
  await eventually(
    "the server",
    () => scrape(`http://127.0.0.1:${port}/metrics`),
    () => true,
  );
  shutdown.abort();
  await within("run()", ran);
  assert.equal(await isOpen(port), false);
});

test("a hub serves during shutdownDelayMs, and says that it is not ready", async () => {
  const options = { ...inGroup(), shutdownDelayMs: 60_000 };
  const server = await Server.listen(countingGatherer(), "127.0.0.1:0", options);
  const { port } = server.address as { port: number };
  const closing = server.close();
  assert.equal((await httpGet(`http://127.0.0.1:${port}/-/ready`)).status, 503);
  assert.equal((await httpGet(server.url)).status, 200);
  assert.equal(server.role, "hub");
  await server.close();
  await closing;
});

test("a hub lets running scrapes finish, then leaves the group", async () => {
  const gate = createGate();
  const gathering = createGate();
  const source = {
    async gather() {
      gathering.open();
      await gate.promise;
      return { families: [gaugeOf([{ labels: {}, value: 7 }], "slow")] };
    },
  };
  const server = await Server.listen(source, "127.0.0.1:0", inGroup());
  const answer = httpGet(server.url);
  await gathering.promise;
  const closing = server.close();
  gate.open();
  assert.match(`${(await answer).body}`, /^slow 7$/m);
  await closing;
});

test("a port that a stranger has is a ListenError, and nothing stays behind", async () => {
  const { server: stranger } = await netServer({ port: 0, host: "127.0.0.1" });
  const { port } = stranger.address() as { port: number };
  const options = { ...inGroup(), logger: createRecorder() };
  await assert.rejects(
    Server.listen(countingGatherer(), `127.0.0.1:${port}`, options),
    (error) => error instanceof ListenError && error.address === `127.0.0.1:${port}`,
  );
  await new Promise((resolve) => stranger.close(resolve));
  // The group is free again.
  const server = await Server.listen(countingGatherer(), `127.0.0.1:${port}`, options);
  assert.equal(server.role, "hub");
  await server.close();
});

for (const workers of [true, "label", { mode: "label" }] as const) {
  test(`an address that names none needs a group: ${JSON.stringify(workers)}`, async () => {
    const { server } = await netServer({ port: 0, host: "127.0.0.1" });
    for (const address of [server, { fd: 0 }]) {
      await assert.rejects(Server.listen(countingGatherer(), address, { workers }), {
        name: "TypeError",
        message: /^Option "workers\.group" must name the group/,
      });
    }
    await new Promise((resolve) => server.close(resolve));
  });
}

test("every worker with a net.Server listens, and answers for all", async () => {
  const group = newGroup();
  const app = await Application.open({
    kind: "fork",
    count: 1,
    options: { workers: { group } },
    runtimeFolder: RUNTIME_FOLDER,
  });
  const { server: owner } = await netServer({ port: 0, host: "127.0.0.1" });
  try {
    await app.root.tell("set", "queue", 4);
    const source = gathererWith(gaugeOf([{ labels: {}, value: 3 }], "queue"));
    const server = await Server.listen(source, owner, { workers: { group } });
    assert.equal(server.role, "member");
    assert.deepEqual(server.address, owner.address());
    for (const url of [server.url, app.url]) {
      const reading = await scrape(url);
      assert.equal(reading.value("queue"), 7);
      assert.equal(reading.workers("up"), 2);
    }
    assert.match(
      `${(await httpGet(server.url.replace("/metrics", "/"))).body}`,
      />2 workers, all up</,
    );
    await server.close();
    assert.equal(owner.listening, false);
    assert.equal((await app.scrape()).workers("up"), 1);
  } finally {
    assert.equal(await app.close(), "");
  }
});

test("a server whose owner closes it leaves the group", async () => {
  const { server: owner } = await netServer({ port: 0, host: "127.0.0.1" });
  const server = await Server.listen(countingGatherer(), owner, inGroup());
  owner.close();
  await within("closed", server.closed);
});

test("allowedHosts, methods and limits are checked by the worker that gets the request", async () => {
  const options = { ...inGroup(), allowedHosts: ["127.0.0.1"] };
  await withServer(options, async ({ port }) => {
    for (const path of ["/metrics", "/-/targets", "/"]) {
      const head = `GET ${path} HTTP/1.1\r\nHost: evil.example\r\n\r\n`;
      assert.equal((await rawRequest(port, head)).status, 403);
    }
    const head = "POST /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    assert.equal((await rawRequest(port, head)).status, 405);
  });
});

test("/-/targets of a hub alone is itself, at the host that the request names", async () => {
  await withServer({ ...inGroup(), path: "/m" }, async ({ port }) => {
    const labels = { __metrics_path__: "/m", __param_worker: "0", worker: "0" };
    const heads: readonly (readonly [target: string, host: string, expected: string])[] = [
      ["/-/targets", "10.0.0.7:9464", "10.0.0.7:9464"],
      ["/-/targets", "[::1]:9464", "[::1]:9464"],
      ["http://shop:80/-/targets", "shop:80", "shop:80"],
      ["/-/targets?target=proxy:443", "shop", "proxy:443"],
    ];
    for (const [target, host, expected] of heads) {
      const head = (method: string) => `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
      const { status, headers, body } = await rawRequest(port, head("GET"));
      assert.equal(status, 200);
      assert.equal(headers["content-type"], "application/json");
      assert.deepEqual(JSON.parse(body), [{ targets: [expected], labels }]);
      assert.equal((await rawRequest(port, head("HEAD"))).rest, "");
      assert.equal((await rawRequest(port, head("OPTIONS"))).status, 204);
      assert.equal((await rawRequest(port, head("POST"))).status, 405);
    }
    const invalid = "GET /-/targets?target=a/b HTTP/1.1\r\nHost: shop\r\n\r\n";
    assert.equal((await rawRequest(port, invalid)).status, 400);
  });
});

test("metrics cannot be served at the path of the targets", async () => {
  await assert.rejects(Server.listen(countingGatherer(), ":0", { path: "/-/targets" }), {
    name: "RangeError",
    message: /^Option "path" must be a path that the server does not use itself/,
  });
});

test("setFailing() of the only worker fails scrapes, until setOk()", async () => {
  const logger = createRecorder();
  const options = { ...inGroup(), logger, statusName: "shop" };
  const server = await Server.listen(countingGatherer(), "127.0.0.1:0", options);
  server.setFailing("no disk");
  assert.equal((await httpGet(server.url)).status, 500);
  server.setOk();
  assert.match(`${(await httpGet(server.url)).body}`, /^shop_up(\{worker="0"\})? 1$/m);
  server.setReady(false);
  assert.equal((await httpGet(server.url.replace("/metrics", "/-/ready"))).status, 503);
  let isUpdated = false;
  await server.update(() => {
    isUpdated = true;
  });
  assert.equal(isUpdated, true);
  await server.close();
});

test("without a folder to meet in, a server is alone, as without the option", () =>
  withTempDir(async (directory) => {
    const script = `
      const { Server } = await import(process.argv[1]);
      const source = { gather: () => ({ families: [] }) };
      const server = await Server.listen(source, "127.0.0.1:0", { workers: true, statusName: "shop" });
      const status = async (path) => (await fetch(new URL(path, server.url))).status;
      console.log("role", server.role, await status("/metrics"), await status("/metrics?worker=9"));
      server.setFailing("why");
      const failing = await fetch(server.url);
      console.log("failing", failing.status, JSON.stringify((await failing.text()).split("\\n")[2]));
      const targets = await fetch(new URL("/-/targets", server.url));
      console.log("targets", targets.status);
      await server.close();
    `;
    const index = new URL("../../dist/index.js", import.meta.url).href;
    const child = forkNode(["--input-type=module", "--eval", script, index], {
      env: { PROMHTTP_RUNTIME_DIR: `${directory}/file/run` },
    });
    const { stdout, stderr, code } = await child.exit();
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^role alone 200 200\nfailing 500 "shop_up 0"\ntargets 200\n$/);
    // One line says why, one that the metrics are failing.
    assert.equal(stderr.trim().split("\n").length, 2, stderr);
  }));

test("a process waits for a member to join, even with unref: true", async () => {
  const options = { workers: { group: newGroup() }, unref: true };
  const script = `
    import { Server } from ${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)};
    const source = { gather: () => ({ families: [] }) };
    for (const role of ["hub", "member"]) {
      const server = await Server.listen(source, "127.0.0.1:0", ${JSON.stringify(options)});
      console.log(server.role);
    }
  `;
  const child = forkNode(["--input-type=module", "--eval", script]);
  const { stdout, code } = await child.exit();
  assert.deepEqual([stdout, code], ["hub\nmember\n", 0]);
});

for (const unref of [false, true]) {
  test(`a member with unref: ${unref} ${unref ? "lets" : "keeps"} the process ${unref ? "exit" : "alive"}`, async () => {
    const group = newGroup();
    const options = { workers: { group }, unref };
    const hub = await Server.listen(countingGatherer(), "127.0.0.1:0", { workers: { group } });
    const script = `
      import { Server } from ${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)};
      const source = { gather: () => ({ families: [] }) };
      const server = await Server.listen(source, "127.0.0.1:0", ${JSON.stringify(options)});
      console.log("role " + server.role);
      process.once("SIGTERM", () => server.close());
    `;
    const child = forkNode(["--input-type=module", "--eval", script]);
    await child.line("role member");
    if (!unref) {
      const { body } = await httpGet(hub.url);
      assert.match(`${body}`, /^promhttp_workers\{state="up"\} 2$/m);
      child.signal("SIGTERM");
    }
    assert.equal((await child.exit()).code, 0);
    await hub.close();
  });
}
