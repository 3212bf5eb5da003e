import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { fileURLToPath } from "node:url";
import type { LookupFunction, MetricFamily, Probe, ProbeContext } from "../../src/index.ts";
import { createAuthority, inDays, selfSigned } from "../helpers/certificates.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { poll } from "../helpers/poll.ts";
import { forkNode } from "../helpers/processes/fork-fixture.ts";
import { PLUG_SAMPLES, type StandIn, standIn, standInPlug } from "../helpers/stand-ins.ts";
import { within } from "../helpers/within.ts";

const FOLDER = new URL("../../examples/exporters/", import.meta.url);

const [shelly, tls] = await Promise.all([load("shelly.mjs"), load("tls.mjs")]);

/** Loads a probe, which may ask this machine. */
async function load(file: string): Promise<Probe> {
  type Create = (flags: { readonly "targets.allow": readonly string[] }) => Probe;
  const { probe }: { readonly probe: Create } = await import(new URL(file, FOLDER).href);
  return probe({ "targets.allow": ["127.0.0.1"] });
}

test("each exporter has fewer than 60 lines", () => {
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".mjs"))) {
    assert.ok(readFileSync(new URL(file, FOLDER), "utf8").split("\n").length <= 60, file);
  }
});

/** What a test says of a run. */
type Run = Partial<Pick<ProbeContext, "module" | "params" | "signal" | "lookup">>;

/** Asks a target; its name is one that only our `lookup` can resolve. */
async function ask(
  probe: Probe,
  { port }: StandIn,
  run: Run = {},
): Promise<readonly MetricFamily[]> {
  const host = "target.example";
  const authority = `${host}:${port}`;
  const found = await probe.probe({
    target: { text: authority, host, port, scheme: undefined, authority },
    module: probe.modules?.[0] ?? "",
    params: {},
    signal: new AbortController().signal,
    deadlineMs: Date.now() + 10_000,
    lookup: toLoopback,
    ...run,
  });
  assert.ok(Array.isArray(found));
  return found;
}

const toLoopback: LookupFunction = (_host, { all }, callback) => {
  if (all) callback(null, [{ address: "127.0.0.1", family: 4 }]);
  else callback(null, "127.0.0.1", 4);
};

/** The values of families, by their names. */
function valuesOf(families: readonly MetricFamily[]): Record<string, readonly unknown[]> {
  return Object.fromEntries(
    families.map(({ name, metrics }: { name: string; metrics: Iterable<object> }) => [
      name,
      Array.from(metrics, (metric) => "value" in metric && metric.value),
    ]),
  );
}

for (const module of ["gen1", "gen2"] as const) {
  test(`shelly.mjs reads a plug of ${module} in base units`, async () => {
    await using plug = await standInPlug();
    const families = await ask(shelly, plug, { module });
    const expected = Object.entries(PLUG_SAMPLES[module]).map(([name, value]) => [name, [value]]);
    assert.deepEqual(valuesOf(families), Object.fromEntries(expected));
    await poll("closed connections", () => plug.connections() === 0);
  });
}

test("shelly.mjs does not follow a redirect", async () => {
  let requests = 0;
  await using elsewhere = await standIn(createServer(() => requests++));
  const location = `http://127.0.0.1:${elsewhere.port}/latest/meta-data/`;
  for (const status of [301, 302, 303, 307, 308]) {
    await using plug = await answering((_, response) =>
      response.writeHead(status, { location }).end("{}"),
    );
    await assert.rejects(ask(shelly, plug), { message: `The plug answers ${status}` });
  }
  assert.equal(requests, 0);
});

const answering = (listener: RequestListener) => standIn(createServer(listener));

test("shelly.mjs gives up an answer that never ends", async () => {
  await using plug = await answering((_, response) => {
    const write = () => {
      while (!response.destroyed && response.write("x".repeat(10_000)));
    };
    response.on("drain", write);
    write();
  });
  await assert.rejects(ask(shelly, plug), { message: "The answer is too large" });
  await poll("a closed connection", () => plug.connections() === 0);
});

const FAULTS: Readonly<Record<string, RequestListener>> = {
  "no JSON": (_, response) => response.end("<html>"),
  "JSON of something else": (_, response) => response.end('{"relays":[]}'),
  null: (_, response) => response.end("null"),
  "half an answer": (_, response) => {
    response.writeHead(200, { "content-length": 100 }).write("{");
    setTimeout(() => response.destroy(), 10);
  },
  "no answer": (request) => request.socket.destroy(),
};

for (const [name, listener] of Object.entries(FAULTS)) {
  test(`shelly.mjs fails for ${name}`, async () => {
    await using plug = await answering(listener);
    for (const module of ["gen1", "gen2"]) await assert.rejects(ask(shelly, plug, { module }));
    await poll("closed connections", () => plug.connections() === 0);
  });
}

/** Aborts as soon as a server has a connection, and says whether that ends the run and the connection. */
async function assertAborts(probe: Probe, target: StandIn): Promise<void> {
  const leaving = new AbortController();
  const run = ask(probe, target, { signal: leaving.signal });
  await poll("a connection", () => target.connections() === 1);
  leaving.abort();
  await assert.rejects(run, { name: "AbortError" });
  await poll("a closed connection", () => target.connections() === 0);
}

test("the probes close their connection when the signal aborts", async () => {
  await using silent = await standIn(createTcpServer((socket) => socket.resume()));
  await assertAborts(shelly, silent);
  await assertAborts(tls, silent);
});

test("the probes give up a connection that is never made when the signal aborts", async () => {
  await using unreached = await standIn(createTcpServer());
  for (const probe of [shelly, tls]) {
    const leaving = new AbortController();
    const run = ask(probe, unreached, { signal: leaving.signal, lookup() {} });
    leaving.abort();
    await assert.rejects(within("a run", run), { name: "AbortError" });
  }
});

test("tls.mjs says when each certificate of the chain expires", async () => {
  const expiries = { leaf: inDays(10), Authority: inDays(20) };
  const authority = createAuthority().issueAuthority({
    name: "Authority",
    notAfter: expiries.Authority,
  });
  const { cert, key } = authority.issue({ name: "leaf", notAfter: expiries.leaf });
  await using server = await standIn(createTlsServer({ cert: cert + authority.cert, key }));
  const [connected, certificates, ...others] = await ask(tls, server);
  assert.equal(connected?.name, "tcp_connect_duration_seconds");
  assert.equal(certificates?.name, "tls_certificate_not_after_timestamp_seconds");
  assert.deepEqual(
    [...certificates.metrics],
    Object.entries(expiries).map(([name, notAfter], depth) => ({
      labels: { depth, subject: `CN=${name}` },
      value: Math.floor(notAfter.getTime() / 1_000),
    })),
  );
  // No root of this machine has signed it.
  assert.deepEqual(valuesOf(others), { tls_verified: [0], tls_session_info: [1] });
  await poll("a closed connection", () => server.connections() === 0);
});

test("tls.mjs measures a certificate that has expired", async () => {
  const notAfter = inDays(-1);
  const identity = selfSigned({ notBefore: inDays(-2), notAfter });
  await using server = await standIn(createTlsServer(identity));
  const values = valuesOf(await ask(tls, server));
  const expected = [Math.floor(notAfter.getTime() / 1_000)];
  assert.deepEqual(values["tls_certificate_not_after_timestamp_seconds"], expected);
});

test("tls.mjs asks for the name of the target, or for the parameter servername", async () => {
  const names: string[] = [];
  await using server = await standIn(
    createTlsServer({
      ...selfSigned(),
      SNICallback(name, callback) {
        names.push(name);
        callback(null);
      },
    }),
  );
  await ask(tls, server);
  await ask(tls, server, { params: { servername: "other.example" } });
  assert.deepEqual(names, ["target.example", "other.example"]);
});

test("tls.mjs only connects with the module tcp", async () => {
  await using server = await standIn(createTcpServer((socket) => socket.resume()));
  const families = await ask(tls, server, { module: "tcp" });
  assert.deepEqual(Object.keys(valuesOf(families)), ["tcp_connect_duration_seconds"]);
  await poll("a closed connection", () => server.connections() === 0);
});

const NO_TLS = {
  "that does not speak TLS": () => createServer(),
  "that closes": () => createTcpServer((socket) => socket.once("data", () => socket.destroy())),
  "that resets": () =>
    createTcpServer((socket) => socket.once("data", () => socket.resetAndDestroy())),
};

for (const [name, create] of Object.entries(NO_TLS)) {
  test(`tls.mjs fails for a server ${name}`, async () => {
    await using server = await standIn(create());
    await assert.rejects(ask(tls, server));
    await poll("a closed connection", () => server.connections() === 0);
  });
}

test("server.mjs serves both probes, each at its path, and stops on SIGTERM", async () => {
  await using plug = await standInPlug();
  const address = `127.0.0.1:${await freePort()}`;
  const source = readFileSync(new URL("server.mjs", FOLDER), "utf8")
    .replace(":9464", address)
    .replace("*.lan", "127.0.0.1");
  const server = forkNode(["--input-type=module", "--eval", source], {
    cwd: fileURLToPath(FOLDER),
  });
  const target = `target=127.0.0.1:${plug.port}`;
  const paths = {
    "/metrics": [200, /^process_cpu_seconds_total /m],
    [`/probe/shelly?${target}&module=gen1`]: [200, /^probe_success 1$/m],
    [`/probe/tls?${target}`]: [403, /./],
  } as const;
  try {
    await poll("the server", () =>
      fetch(`http://${address}/`).then(
        () => true,
        () => false,
      ),
    );
    for (const [path, [status, text]] of Object.entries(paths)) {
      const response = await fetch(`http://${address}${path}`);
      assert.equal(response.status, status, path);
      assert.match(await response.text(), text);
    }
  } finally {
    server.signal("SIGTERM");
  }
  assert.equal((await server.exit()).code, 0);
});
