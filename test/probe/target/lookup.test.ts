import assert from "node:assert/strict";
import dns, { type LookupAddress, type LookupOptions } from "node:dns";
import { once } from "node:events";
import { createServer as createHttpServer, get as httpGet } from "node:http";
import { createServer as createHttpsServer, get as httpsGet } from "node:https";
import { type AddressInfo, connect, isIP } from "node:net";
import { type TestContext, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import type { LookupFunction, Probe } from "../../../src/model/probe.ts";
import { parseTarget } from "../../../src/probe/target/parse-target.ts";
import { createPolicy } from "../../../src/probe/target/policy.ts";
import { CERTIFICATE } from "../../helpers/http/tls.ts";

// No test here asks DNS: names have the addresses that it gives them.

type Names = Readonly<Record<string, readonly string[]>>;

/** Replaces the resolver of the process; returns what it was asked. */
function fakeResolver(t: TestContext, names: Names) {
  const asked: { readonly host: string; readonly options: LookupOptions }[] = [];
  const resolve = (
    host: string,
    options: LookupOptions,
    callback: (...args: unknown[]) => void,
  ) => {
    asked.push({ host, options });
    const known = isIP(host) > 0 ? [host] : names[host];
    const all = (known ?? [])
      .map((address): LookupAddress => ({ address, family: isIP(address) }))
      .filter(({ family }) => !options.family || family === options.family);
    const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: "ENOTFOUND" });
    queueMicrotask(() => (all.length > 0 ? callback(null, all) : callback(error)));
  };
  t.mock.method(dns, "lookup", resolve);
  return asked;
}

function lookupFor(allow: Probe["allow"], text: string): LookupFunction {
  return createPolicy(allow, "allow").lookup(parseTarget(text));
}

/** What a lookup calls back with. */
function answerOf(lookup: LookupFunction, host: string, options: LookupOptions = {}) {
  return new Promise<readonly unknown[]>((resolve) => {
    let hasReturned = false;
    lookup(host, options, (...answer) => {
      assert.ok(hasReturned, "it called back before it returned");
      resolve(answer);
    });
    hasReturned = true;
  });
}

async function codeOf(lookup: LookupFunction, host: string): Promise<string | undefined> {
  const [error] = await answerOf(lookup, host);
  // Cast: a lookup calls back with nothing else.
  return (error as NodeJS.ErrnoException | null)?.code;
}

const V4 = { address: "192.0.2.1", family: 4 };
const V6 = { address: "2001:db8::1", family: 6 };

test("lookup() answers as dns.lookup() does", async (t) => {
  const asked = fakeResolver(t, { "a.lan": [V6.address, V4.address] });
  const lookup = lookupFor("any", "a.lan:80");
  assert.deepEqual(await answerOf(lookup, "a.lan", { all: true }), [null, [V6, V4]]);
  assert.deepEqual(await answerOf(lookup, "a.lan"), [null, V6.address, 6]);
  assert.deepEqual(await answerOf(lookup, "a.lan", { family: 4 }), [null, V4.address, 4]);
  assert.deepEqual(await answerOf(lookup, "A.LAN.", { family: 6, all: true }), [null, [V6]]);
  assert.equal(await codeOf(lookup, "a.lan"), undefined);
  const hints = dns.ADDRCONFIG;
  await answerOf(lookup, "a.lan", { hints, verbatim: true });
  assert.deepEqual(asked.at(-1), { host: "a.lan", options: { hints, verbatim: true, all: true } });
  assert.ok(asked.every(({ host }) => host === "a.lan"));
});

test("lookup() passes an error of the resolver on", async (t) => {
  fakeResolver(t, {});
  assert.equal(await codeOf(lookupFor("any", "a.lan"), "a.lan"), "ENOTFOUND");
});

test("lookup() drops the protected addresses of a name, and keeps the others", async (t) => {
  const addresses = ["127.0.0.1", V4.address, "::ffff:169.254.169.254", "fe80::1%eth0", "::"];
  fakeResolver(t, { "a.lan": addresses });
  const lookup = lookupFor("*.lan", "a.lan");
  assert.deepEqual(await answerOf(lookup, "a.lan", { all: true }), [null, [V4]]);
  assert.deepEqual(await answerOf(lookup, "a.lan"), [null, V4.address, 4]);
});

const PROTECTED = [
  "127.0.0.1",
  "127.0.1.1",
  "0.0.0.0",
  "::1",
  "::",
  "169.254.169.254",
  "fe80::1",
  "fe80::1%2",
  "fd00:ec2::254",
  "fd20:ce::254",
  "100.100.100.200",
  "192.0.0.192",
  "::ffff:127.0.0.1",
  "::ffff:a9fe:a9fe",
  "64:ff9b::a9fe:a9fe",
  "2002:7f00:1::1",
  "::127.0.0.1",
];

test("lookup() fails for a name that resolves to protected addresses only", async (t) => {
  for (const address of PROTECTED) {
    fakeResolver(t, { "a.lan": [address] });
    for (const allow of ["any", "a.lan", "*.lan", () => true, "0.0.0.0/0"]) {
      const [error] = await answerOf(lookupFor(allow, "a.lan"), "a.lan", { all: true });
      // Cast: a lookup calls back with nothing else.
      const { code, message } = error as NodeJS.ErrnoException;
      assert.equal(code, "ERR_PROMHTTP_TARGET");
      const reason = `it is ${address}, which option "allow" would have to list`;
      assert.equal(message, `Cannot connect to "a.lan": ${reason}`);
    }
    t.mock.restoreAll();
  }
});

test("lookup() judges the answer of each call", async (t) => {
  const names: Record<string, string[]> = { "a.lan": [V4.address] };
  fakeResolver(t, names);
  const lookup = lookupFor("any", "a.lan");
  assert.equal(await codeOf(lookup, "a.lan"), undefined);
  names["a.lan"] = ["127.0.0.1"];
  assert.equal(await codeOf(lookup, "a.lan"), "ERR_PROMHTTP_TARGET");
});

test("lookup() returns protected addresses that are listed", async (t) => {
  const names = { "a.lan": ["127.0.0.1", "127.0.0.2", "::1"], localhost: ["::1", "127.0.0.1"] };
  fakeResolver(t, names);
  const listed = lookupFor(["any", "127.0.0.1"], "a.lan");
  assert.deepEqual(await answerOf(listed, "a.lan"), [null, "127.0.0.1", 4]);
  const local = lookupFor("localhost", "localhost:9100");
  assert.deepEqual(await answerOf(local, "localhost"), [null, "::1", 6]);
  // To list a name of one's own does not say that it may be this machine.
  assert.equal(
    await codeOf(lookupFor(["a.lan", "localhost"], "a.lan"), "a.lan"),
    "ERR_PROMHTTP_TARGET",
  );
});

test("the name of this machine does not allow other protected addresses", async (t) => {
  fakeResolver(t, { localhost: ["169.254.169.254", "0.0.0.0"] });
  assert.equal(
    await codeOf(lookupFor("localhost", "localhost"), "localhost"),
    "ERR_PROMHTTP_TARGET",
  );
});

test("lookup() judges other hosts than the target's by the rules", async (t) => {
  const names = { "a.lan": [V4.address], "b.lan": [V4.address], "evil.com": [V4.address] };
  const asked = fakeResolver(t, names);
  const lookup = lookupFor(["*.lan", "10.0.0.0/8", "2001:db8::/32"], "a.lan");
  assert.deepEqual(await answerOf(lookup, "b.lan"), [null, V4.address, 4]);
  assert.deepEqual(await answerOf(lookup, "10.0.0.1"), [null, "10.0.0.1", 4]);
  assert.deepEqual(await answerOf(lookup, "2001:db8::1"), [null, V6.address, 6]);
  asked.length = 0;
  const others = ["evil.com", "192.0.2.1", "127.0.0.1", "::1", "localhost", "fe80::1%eth0"];
  for (const host of [...others, "", "0x7f.1", "a.lan:80", "http://b.lan", "b.lan/x", "[::1]"]) {
    assert.equal(typeof (await answerOf(lookup, host))[0], "object", host);
    assert.equal((await answerOf(lookup, host))[1], "", host);
  }
  assert.deepEqual(asked, []);
});

test("lookup() calls back with what a function of the rules throws", async (t) => {
  fakeResolver(t, {});
  for (const thrown of [new RangeError("broken"), "broken", undefined]) {
    const broken = (): boolean => {
      throw thrown;
    };
    const [error] = await answerOf(lookupFor(broken, "a.lan"), "b.lan");
    assert.ok(error instanceof Error);
    assert.match(error.message, thrown === undefined ? /undefined/ : /broken/);
  }
});

/** What opens a connection to a name, and takes a lookup; each rejects with what failed. */
const CONNECTIONS: Readonly<
  Record<string, (port: number, host: string, lookup: LookupFunction) => Promise<unknown>>
> = {
  "net.connect()": async (port, host, lookup) => {
    const socket = connect({ port, host, lookup });
    await once(socket, "connect").finally(() => socket.destroy());
  },
  "net.connect() without autoSelectFamily": async (port, host, lookup) => {
    const socket = connect({ port, host, lookup, autoSelectFamily: false });
    await once(socket, "connect").finally(() => socket.destroy());
  },
  "tls.connect()": async (port, host, lookup) => {
    const options = { servername: "localhost", ca: CERTIFICATE.cert };
    const socket = connectTls({ port, host, lookup, ...options });
    await once(socket, "secureConnect").finally(() => socket.destroy());
  },
  "http.get()": async (port, host, lookup) => {
    const request = httpGet({ port, host, lookup, agent: false });
    const [response] = await once(request, "response");
    await once(response.resume(), "end");
  },
  "https.get()": async (port, host, lookup) => {
    const options = { servername: "localhost", ca: CERTIFICATE.cert };
    const request = httpsGet(`https://${host}:${port}/`, { lookup, agent: false, ...options });
    const [response] = await once(request, "response");
    await once(response.resume(), "end");
  },
};

for (const [name, open] of Object.entries(CONNECTIONS)) {
  test(`${name} connects only to what lookup() returns`, async (t) => {
    const isTls = /tls|https/.test(name);
    const server = isTls ? createHttpsServer(CERTIFICATE) : createHttpServer();
    let connections = 0;
    server.on("request", (_, response) => response.end("ok"));
    server.on("connection", () => connections++);
    await once(server.listen(0, "127.0.0.1"), "listening");
    fakeResolver(t, { "both.lan": ["169.254.169.254", "127.0.0.1"], "evil.com": ["127.0.0.1"] });
    // Cast: a TCP server has this address.
    const { port } = server.address() as AddressInfo;
    try {
      const listed = lookupFor(["both.lan", "127.0.0.1"], `both.lan:${port}`);
      await open(port, "both.lan", listed);
      assert.equal(connections, 1);
      await assert.rejects(open(port, "evil.com", listed), { code: "ERR_PROMHTTP_TARGET" });
      const any = lookupFor("any", `evil.com:${port}`);
      await assert.rejects(open(port, "evil.com", any), { code: "ERR_PROMHTTP_TARGET" });
      assert.equal(connections, 1);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
}

test("promisify() makes a promise of lookup(), for what takes only an address", async (t) => {
  fakeResolver(t, { "a.lan": [V4.address], "b.lan": ["127.0.0.1"] });
  const lookup = promisify(lookupFor("*.lan", "a.lan"));
  assert.equal(await lookup("a.lan", {}), V4.address);
  await assert.rejects(lookup("b.lan", {}), { code: "ERR_PROMHTTP_TARGET" });
  await assert.rejects(lookup("127.0.0.1", {}), { code: "ERR_PROMHTTP_TARGET" });
});

test("lookup() throws without a callback, and at once: nobody could catch it later", (t) => {
  fakeResolver(t, { "a.lan": [V4.address] });
  // As `promisify(lookup)(host)` calls it where no compiler checks types.
  const lookup: (...args: unknown[]) => void = lookupFor("any", "a.lan") as never;
  assert.throws(() => lookup("a.lan", () => {}), TypeError);
  assert.throws(() => lookup("a.lan", {}), TypeError);
});

test("lookup() resolves as the system does", async () => {
  const [error, addresses] = await answerOf(lookupFor("localhost", "localhost"), "localhost", {
    all: true,
  });
  assert.equal(error, null);
  for (const { address } of addresses as LookupAddress[]) {
    assert.ok(["127.0.0.1", "::1"].includes(address), address);
  }
});
