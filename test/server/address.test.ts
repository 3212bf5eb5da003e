import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { createServer, type Server } from "node:net";
import { test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { inspect } from "node:util";
import fc from "fast-check";
import { describeAddress, parseAddress } from "../../src/server/address.ts";
import { codePoints } from "../helpers/code-points.ts";

const FORMS: readonly [address: unknown, target: unknown][] = [
  [9464, { kind: "tcp", host: undefined, port: 9464 }],
  [0, { kind: "tcp", host: undefined, port: 0 }],
  [":9464", { kind: "tcp", host: undefined, port: 9464 }],
  [":65535", { kind: "tcp", host: undefined, port: 65_535 }],
  ["127.0.0.1:9464", { kind: "tcp", host: "127.0.0.1", port: 9464 }],
  ["localhost:9464", { kind: "tcp", host: "localhost", port: 9464 }],
  ["my_host-1.example:80", { kind: "tcp", host: "my_host-1.example", port: 80 }],
  ["[::1]:9464", { kind: "tcp", host: "::1", port: 9464 }],
  ["[::]:0", { kind: "tcp", host: "::", port: 0 }],
  ["[fe80::1%eth0]:80", { kind: "tcp", host: "fe80::1%eth0", port: 80 }],
  ["[::ffff:127.0.0.1]:80", { kind: "tcp", host: "::ffff:127.0.0.1", port: 80 }],
  ["unix:/run/app.sock", { kind: "unix", path: "/run/app.sock" }],
  ["unix:relative:9.sock", { kind: "unix", path: "relative:9.sock" }],
  [`unix:${"x".repeat(103)}`, { kind: "unix", path: "x".repeat(103) }],
  [{ port: 9464 }, { kind: "tcp", host: undefined, port: 9464 }],
  [
    { host: "", port: 9464 },
    { kind: "tcp", host: undefined, port: 9464 },
  ],
  [
    { host: "::1", port: 9464 },
    { kind: "tcp", host: "::1", port: 9464 },
  ],
  [{ path: "/run/app.sock" }, { kind: "unix", path: "/run/app.sock" }],
  [{ fd: 3 }, { kind: "fd", fd: 3 }],
];

for (const [address, target] of FORMS) {
  test(`parseAddress() understands ${inspect(address)}`, () => {
    assert.deepEqual(parseAddress(address), target);
  });
}

const circular: Record<string, unknown> = {};
circular["itself"] = circular;

const NO_ADDRESSES: readonly [address: unknown, shown: string][] = [
  [undefined, "undefined"],
  [null, "null"],
  ["", '""'],
  ["9464", '"9464"'],
  ["localhost", '"localhost"'],
  ["::1:9464", '"::1:9464"'],
  ["[::1]", '"[::1]"'],
  ["[host]:9464", '"[host]:9464"'],
  ["http://localhost:9464", '"http://localhost:9464"'],
  ["local host:9464", '"local host:9464"'],
  ["localhost:9464/metrics", '"localhost:9464/metrics"'],
  ["localhost:-1", '"localhost:-1"'],
  [" :9464", '" :9464"'],
  [":9464\n", '":9464\\n"'],
  [true, "true"],
  [9464n, "9464n"],
  [Symbol("port"), "Symbol(port)"],
  [() => 9464, "[Function (anonymous)]"],
  [{}, "{}"],
  [[9464], "[ 9464 ]"],
  [{ host: "localhost" }, "{ host: 'localhost' }"],
  [{ port: "9464" }, "{ port: '9464' }"],
  [{ host: 1, port: 9464 }, "{ host: 1, port: 9464 }"],
  [{ path: 1 }, "{ path: 1 }"],
  [{ fd: "3" }, "{ fd: '3' }"],
  [{ port: 9464n }, "{ port: 9464n }"],
  [Object.create(null), "[Object: null prototype] {}"],
  [circular, "<ref *1> { itself: [Circular *1] }"],
  [{ deep: { deep: {} } }, "{ deep: [Object] }"],
];

for (const [address, shown] of NO_ADDRESSES) {
  test(`parseAddress() refuses ${shown} and names the forms`, () => {
    assert.throws(() => parseAddress(address), {
      name: "TypeError",
      message:
        `Not an address: ${shown}. Use 9464, ":9464", "127.0.0.1:9464", "[::1]:9464", ` +
        '"localhost:9464", "unix:/run/app.sock", { host, port }, { path }, { fd } or a listening ' +
        "net.Server",
    });
  });
}

for (const address of ["unix:", { path: "" }]) {
  test(`parseAddress() refuses ${inspect(address)}`, () => {
    assert.throws(() => parseAddress(address), {
      name: "TypeError",
      message: 'Not an address: "unix:". It names no path',
    });
  });
}

const OUT_OF_RANGE: readonly [address: unknown, message: string][] = [
  [-1, "The port is not an integer from 0 to 65535: -1"],
  [65_536, "The port is not an integer from 0 to 65535: 65536"],
  [1.5, "The port is not an integer from 0 to 65535: 1.5"],
  [Number.NaN, "The port is not an integer from 0 to 65535: NaN"],
  [":65536", "The port is not an integer from 0 to 65535: 65536"],
  ["localhost:1234567", "The port is not an integer from 0 to 65535: 1234567"],
  [`:${"9".repeat(400)}`, "The port is not an integer from 0 to 65535: Infinity"],
  [{ port: 70_000 }, "The port is not an integer from 0 to 65535: 70000"],
  [{ fd: -1 }, "The file descriptor is not an integer from 0 to 2147483647: -1"],
  [{ fd: 2 ** 31 }, "The file descriptor is not an integer from 0 to 2147483647: 2147483648"],
  [
    `unix:/${"ä".repeat(52)}`,
    `The path of a unix socket is longer than 103 bytes: /${"ä".repeat(52)}`,
  ],
];

for (const [address, message] of OUT_OF_RANGE) {
  test(`parseAddress() finds out of range: ${inspect(address).slice(0, 40)}`, () => {
    assert.throws(() => parseAddress(address), { name: "RangeError", message });
  });
}

test("parseAddress() takes a net.Server that listens, and no other", async () => {
  const server = createServer();
  assert.throws(() => parseAddress(server), {
    name: "TypeError",
    message: "The net.Server does not listen: call listen() first",
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    assert.deepEqual(parseAddress(server), { kind: "server", server });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

const SPEAKERS: readonly [protocol: string, create: () => Server][] = [
  ["HTTP", () => createHttpServer()],
  ["HTTPS", () => createHttpsServer()],
  ["HTTP/2", () => createHttp2Server()],
  ["TLS", () => createTlsServer()],
];

for (const [name, create] of SPEAKERS) {
  test(`parseAddress() refuses a server that speaks ${name} itself`, async () => {
    const server = create();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      assert.throws(() => parseAddress(server), {
        name: "TypeError",
        message: "The net.Server speaks HTTP or TLS itself: pass a plain one",
      });
    } finally {
      await new Promise<unknown>((resolve) => server.close(resolve));
    }
  });
}

test("parseAddress() throws nothing but a TypeError or a RangeError", () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.string({ unit: codePoints })), (address) => {
      try {
        parseAddress(address);
      } catch (error) {
        assert.ok(error instanceof TypeError || error instanceof RangeError);
        assert.match(error.message, /^(Not an address: |The (port|file descriptor|path) )/);
      }
    }),
  );
});

const DESCRIPTIONS: readonly [address: unknown, description: string][] = [
  [9464, "9464"],
  [":9464", ":9464"],
  [{ host: "::1", port: 1 }, "{ host: '::1', port: 1 }"],
  [{ fd: 3 }, "{ fd: 3 }"],
  [createServer(), "a net.Server"],
];

for (const [address, description] of DESCRIPTIONS) {
  test(`describeAddress() writes ${description}`, () => {
    assert.equal(describeAddress(address), description);
  });
}
