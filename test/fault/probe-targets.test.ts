import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import dns, { type LookupAddress } from "node:dns";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, connect, isIP } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Probe } from "../../src/index.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { TYPESCRIPT } from "../helpers/processes/fork-fixture.ts";
import { turns } from "../helpers/turns.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

// A client that wants the exporter to connect for him to what he cannot reach. No test asks DNS, and nothing
// outside of this machine is connected to.

/** A server that nobody may reach, and how many have. It redirects to itself. */
interface Bait {
  readonly port: number;
  connections: number;
}

async function withBait(run: (bait: Bait) => Promise<void>): Promise<void> {
  const server = createServer((_, response) => {
    response.writeHead(302, { location: `http://127.0.0.1:${bait.port}/secret` }).end();
  });
  server.on("connection", () => bait.connections++);
  await once(server.listen(0), "listening");
  // Cast: a TCP server has this address.
  const bait: Bait = { port: (server.address() as AddressInfo).port, connections: 0 };
  try {
    await run(bait);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A probe that connects to its target, and how often it ran. */
function connecting(allow: Probe["allow"], port: number) {
  const runs: string[] = [];
  const probe: Probe = {
    allow,
    async probe({ target, signal, lookup }) {
      runs.push(target.text);
      const socket = connect({ host: target.host, port: target.port ?? port, lookup });
      await once(socket, "connect", { signal }).finally(() => socket.destroy());
      return [];
    },
  };
  return { probe, runs };
}

/** Gives names their addresses. */
function fakeResolver(t: TestContext, names: Readonly<Record<string, readonly string[]>>): void {
  t.mock.method(dns, "lookup", (host: string, _: unknown, callback: (...a: unknown[]) => void) => {
    const all = (names[host] ?? []).map(
      (address): LookupAddress => ({ address, family: isIP(address) }),
    );
    queueMicrotask(() => callback(all.length > 0 ? null : new Error("ENOTFOUND"), all));
  });
}

const encode = encodeURIComponent;

/** Requests that are refused before anything runs: what follows `/probe`. */
const UNREADABLE: readonly string[] = [
  "",
  "?",
  "?target",
  "?target=",
  "?Target=a.lan",
  "?target=a.lan&target=b.lan",
  "?target=a.lan&target=a.lan",
  "?target=&target=a.lan",
  "?target=a.lan&%74arget=b.lan",
  `?target=${"a".repeat(3_000)}`,
  `?target=http://a.lan/${"a".repeat(3_000)}`,
  "?target=%",
  "?target=a.lan%0",
  "?target=%00",
  "?target=a.lan%00",
  "?target=a.lan%00.b.lan",
  "?target=a.lan%0d%0aHost:%20b.lan",
  "?target=a.lan%09",
  "?target=a+b",
  "?target=%20a.lan",
  "?target=a.lan%20",
  "?target=a.lan%7f",
  "?target=%c2%85a.lan",
  "?target=%e2%80%a8a.lan",
  "?target=%ff",
  "?target=me%40a.lan",
  "?target=http://me:secret@a.lan/",
  "?target=http://a.lan%5c@b.lan/",
  // Its host is legal, and what stands behind it is not.
  "?target=http://a.lan/%00",
  "?target=http://a.lan/a%0d%0aHost:%20b.lan",
  "?target=http://a.lan/a+b",
  "?target=http://a.lan/?b%7f",
  "?target=http://a.lan/%c3%a9",
  "?target=http://a.lan/%5c",
  // Decoded once, these are no targets; decoded twice, they would be.
  "?target=a%252elan",
  "?target=%2531%2532%2537.0.0.1",
  "?target=127.0.0.1%2500",
  "?target=http%253A%252F%252Fa.lan",
  "?target=file:///etc/passwd",
  "?target=/etc/passwd",
  "?target=http:80",
  "?target=-oProxyCommand=id",
  "?target=%24(id)",
  "?target=__proto__:x",
];

test("a request without exactly one target that can be read is 400, and nothing is sent out", () =>
  withBait(async (bait) => {
    const { probe, runs } = connecting(["any", "127.0.0.0/8", "::1"], bait.port);
    await withServer({ paths: { "/probe": probe } }, async ({ port }) => {
      for (const query of UNREADABLE) {
        for (const method of ["GET", "HEAD"]) {
          const answer = await rawRequest(port, request(`/probe${query}`, { method }));
          assert.equal(answer.status, 400, query);
          assert.doesNotMatch(answer.body, /secret|passwd|\0|\r/, query);
        }
      }
      assert.deepEqual([runs, bait.connections], [[], 0]);
    });
  }));

/** This machine, and metadata services, in all that some parser takes for them. */
const HOSTILE: readonly string[] = [
  "127.0.0.1",
  "127.0.0.1.",
  "127.8.8.8",
  "0.0.0.0",
  "[::1]",
  "[::]",
  "[0:0:0:0:0:0:0:1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "[64:ff9b::127.0.0.1]",
  "[2002:7f00:1::]",
  "[::ffff:0:7f00:1]",
  "localhost",
  "LocalHost.",
  "a.localhost",
  "169.254.169.254",
  "[::ffff:169.254.169.254]",
  "[64:ff9b::a9fe:a9fe]",
  "[fe80::1]",
  "[fd00:ec2::254]",
  "[fd20:ce::254]",
  "100.100.100.200",
  "192.0.0.192",
  "metadata.google.internal",
];

/** Spellings of 127.0.0.1 and 169.254.169.254 that no target may have. */
const MISSPELT: readonly string[] = [
  "2130706433",
  "2852039166",
  "0x7f000001",
  "0xa9fea9fe",
  "0x7f.0.0.1",
  "0177.0.0.1",
  "017700000001",
  "127.1",
  "127.0.1",
  "127.0.0.01",
  "0251.0376.0251.0376",
  "169.254.43518",
  "127.0.0.1..",
  "１２７.0.0.1",
  "①②⑦.⓪.⓪.①",
  "127。0。0。1",
  "ｌｏｃａｌｈｏｓｔ",
  "local\u00adhost",
  "%6cocalhost",
  "[::1%25lo]",
  "[::1%lo]",
  "::1",
  "[::ffff:127.1]",
];

test("this machine and metadata services are refused in every notation, unless listed", () =>
  withBait(async (bait) => {
    const { probe, runs } = connecting(["any", "0.0.0.0/0", "::/0", () => true], bait.port);
    await withServer({ paths: { "/probe": probe } }, async ({ port, log }) => {
      const statusOf = async (target: string) =>
        (await rawRequest(port, request(`/probe?target=${encode(target)}`))).status;
      for (const host of HOSTILE) {
        const [forms, status] = [[host, `${host}:${bait.port}`, `http://${host}/x`], 403];
        for (const form of forms) assert.equal(await statusOf(form), status, form);
      }
      for (const host of MISSPELT) {
        const [forms, status] = [[host, `${host}:${bait.port}`, `http://${host}/x`], 400];
        for (const form of forms) assert.equal(await statusOf(form), status, form);
      }
      assert.deepEqual([runs, bait.connections], [[], 0]);
      assert.deepEqual(log, []);
    });
  }));

test("a target that is listed is probed, and no other address of the machine", () =>
  withBait(async (bait) => {
    const { probe, runs } = connecting("127.0.0.1", bait.port);
    await withServer({ paths: { "/probe": probe } }, async ({ port }) => {
      const ask = (host: string) => rawRequest(port, request(`/probe?target=${encode(host)}`));
      assert.match((await ask("127.0.0.1")).body, /^probe_success 1$/m);
      assert.equal(bait.connections, 1);
      for (const host of ["127.0.0.2", "[::1]", "localhost", "0.0.0.0"]) {
        assert.equal((await ask(host)).status, 403, host);
      }
      assert.deepEqual([runs, bait.connections], [["127.0.0.1"], 1]);
    });
  }));

const NAMES: Readonly<Record<string, readonly string[]>> = {
  "loopback.lan": ["127.0.0.1"],
  "loopback6.lan": ["::1"],
  "mapped.lan": ["::ffff:127.0.0.1"],
  "any.lan": ["0.0.0.0"],
  "any6.lan": ["::"],
  "metadata.lan": ["169.254.169.254"],
  "link.lan": ["fe80::1"],
  "many.lan": ["127.0.0.1", "169.254.169.254", "::1"],
};

test("a name that resolves to a refused address fails the probe, and nothing is connected", (t) =>
  withBait(async (bait) => {
    const { probe, runs } = connecting(["any", "*.lan"], bait.port);
    await withServer({ paths: { "/probe": probe } }, async ({ port, log }) => {
      fakeResolver(t, NAMES);
      for (const host of Object.keys(NAMES)) {
        const { status, body } = await rawRequest(port, request(`/probe?target=${host}`));
        assert.equal(status, 200);
        assert.match(body, /^probe_success 0$/m, host);
        assert.match(log.at(-1) ?? "", new RegExp(`${host}.*option "allow" would have to list`));
      }
      assert.deepEqual([runs, bait.connections], [Object.keys(NAMES), 0]);
    });
  }));

/** An example, which may ask what the tests call so. */
async function example(name: string): Promise<Probe> {
  const { probe } = await import(new URL(`../../examples/exporters/${name}`, import.meta.url).href);
  return probe({ "targets.allow": ["localhost", "*.lan"] });
}

test("the examples follow no redirect, and connect to no address that a name hides", (t) =>
  withBait(async (bait) => {
    const paths = { "/shelly": await example("shelly.mjs"), "/tls": await example("tls.mjs") };
    await withServer({ paths }, async ({ port }) => {
      fakeResolver(t, { ...NAMES, localhost: ["127.0.0.1"] });
      const ask = (path: string, host: string) =>
        rawRequest(port, request(`${path}target=${host}:${bait.port}`));
      // It redirects to itself: a second connection would be the redirect's.
      const redirected = await ask("/shelly?", "localhost");
      assert.match(redirected.body, /^probe_success 0$/m);
      assert.equal(bait.connections, 1);
      for (const path of ["/shelly?", "/tls?", "/tls?module=tcp&"]) {
        for (const host of Object.keys(NAMES)) {
          assert.match((await ask(path, host)).body, /^probe_success 0$/m, path + host);
        }
      }
      assert.equal(bait.connections, 1);
    });
  }));

test("an answer of the resolver that comes when the run is over harms nobody", (t) =>
  withBait(async (bait) => {
    const { probe, runs } = connecting(["any", "127.0.0.1"], bait.port);
    await withServer({ paths: { "/probe": { ...probe, timeoutMs: 50 } } }, async ({ port }) => {
      const answers: ((error: Error | null, addresses: readonly LookupAddress[]) => void)[] = [];
      t.mock.method(dns, "lookup", (...[, , answer]: [unknown, unknown, (typeof answers)[0]]) =>
        answers.push(answer),
      );
      for (const host of ["a.lan", "b.lan", "a.lan"]) {
        const { body } = await rawRequest(port, request(`/probe?target=${host}`));
        assert.match(body, /^probe_success 0$/m, host);
      }
      answers[0]?.(null, [{ address: "127.0.0.1", family: 4 }]);
      answers[1]?.(new Error("ENOTFOUND"), []);
      await turns(10);
      assert.deepEqual([runs.length, answers.length, bait.connections], [3, 2, 0]);
    });
  }));

const HOSTS = `
127.0.0.1 localhost
127.0.0.1 evil.test
127.0.1.1 own-name.test
::1 six.test
::ffff:127.0.0.1 mapped.test
169.254.169.254 metadata.test
0.0.0.0 unspecified.test
`;

/** Lets a process see another `/etc/hosts`, so that the system's resolver is asked, but no DNS. */
const WITH_HOSTS = ["-r", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"'];

const canUnshare =
  spawnSync("unshare", [...WITH_HOSTS, "/etc/hosts", "true"], { stdio: "ignore" }).status === 0;

test("no name of the system's resolver leads to a refused address", { skip: !canUnshare }, () =>
  withTempDir(async (folder) => {
    const hosts = join(folder, "hosts");
    await writeFile(hosts, HOSTS);
    const script = fileURLToPath(new URL("../fixtures/connect-by-lookup.ts", import.meta.url));
    const names = [...HOSTS.matchAll(/\S+\.test/g)].map(String);
    const node = [process.execPath, "--import", TYPESCRIPT, script, ...names];
    const args = [...WITH_HOSTS, hosts, ...node];
    const { stdout, stderr } = spawnSync("unshare", args, { encoding: "utf8", timeout: 30_000 });
    const lines = names.map((name) => `${name} ERR_PROMHTTP_TARGET`);
    assert.deepEqual(stdout.trim().split("\n"), [...lines, "evil.test connected"], stderr);
  }),
);
