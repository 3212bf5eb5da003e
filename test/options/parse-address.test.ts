import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { createServer, type Server } from "node:net";
import { test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { inspect } from "node:util";
import fc from "fast-check";
import { parseAddress } from "../../src/options/parse-address.ts";
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
  ["unix:9464", { kind: "unix", path: "9464" }],
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
  [{ systemd: true }, { kind: "systemd", name: undefined }],
  [{ systemd: "metrics" }, { kind: "systemd", name: "metrics" }],
];

for (const [address, target] of FORMS) {
  test(`parseAddress() parses ${inspect(address)}`, () => {
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
  [{ systemd: false }, "{ systemd: false }"],
  [{ systemd: "" }, "{ systemd: '' }"],
  [Object.create(null), "[Object: null prototype] {}"],
  [circular, "<ref *1> { itself: [Circular *1] }"],
  [{ deep: { deep: {} } }, "{ deep: [Object] }"],
];

for (const [address, shown] of NO_ADDRESSES) {
  test(`parseAddress() rejects ${shown} and names the forms`, () => {
    assert.throws(() => parseAddress(address), {
      name: "TypeError",
      message:
        'Address must be 9464, ":9464", "127.0.0.1:9464", "[::1]:9464", "localhost:9464", ' +
        '"unix:/run/app.sock", { host, port }, { path }, { fd }, { systemd } or a listening ' +
        `net.Server, got ${shown}`,
    });
  });
}

for (const address of ["unix:", { path: "" }]) {
  test(`parseAddress() rejects ${inspect(address)}`, () => {
    assert.throws(() => parseAddress(address), {
      name: "TypeError",
      message: 'Address "unix:" must have a path',
    });
  });
}

for (const [address, path] of [
  ["unix:@app", '"@app"'],
  [{ path: "@app" }, '"@app"'],
  ["unix:\0app", '"\\u0000app"'],
  [{ path: "/run/app\0.sock" }, '"/run/app\\u0000.sock"'],
] as const) {
  test(`parseAddress() rejects the abstract socket ${inspect(address)}`, () => {
    assert.throws(() => parseAddress(address), {
      name: "TypeError",
      message:
        'Path of a unix socket must not begin with "@" or contain NUL, because an abstract socket lets in' +
        ` everybody on the host, got ${path}`,
    });
  });
}

test("parseAddress() says why a vsock cannot be used", () => {
  assert.throws(() => parseAddress("vsock://:9100"), {
    name: "TypeError",
    message: 'Address must not be a vsock, which Node cannot open, got "vsock://:9100"',
  });
});

const OUT_OF_RANGE: readonly [address: unknown, message: string][] = [
  [-1, "Port must be an integer from 0 to 65535, got -1"],
  [65_536, "Port must be an integer from 0 to 65535, got 65536"],
  [1.5, "Port must be an integer from 0 to 65535, got 1.5"],
  [Number.NaN, "Port must be an integer from 0 to 65535, got NaN"],
  [":65536", "Port must be an integer from 0 to 65535, got 65536"],
  ["localhost:1234567", "Port must be an integer from 0 to 65535, got 1234567"],
  [`:${"9".repeat(400)}`, "Port must be an integer from 0 to 65535, got Infinity"],
  [{ port: 70_000 }, "Port must be an integer from 0 to 65535, got 70000"],
  [{ fd: -1 }, "File descriptor must be an integer from 0 to 2147483647, got -1"],
  [{ fd: 2 ** 31 }, "File descriptor must be an integer from 0 to 2147483647, got 2147483648"],
  [
    `unix:/${"ä".repeat(52)}`,
    `Path of a unix socket must be at most 103 bytes long, got "/${"ä".repeat(52)}"`,
  ],
];

for (const [address, message] of OUT_OF_RANGE) {
  test(`parseAddress() rejects what is out of range: ${inspect(address).slice(0, 40)}`, () => {
    assert.throws(() => parseAddress(address), { name: "RangeError", message });
  });
}

test("parseAddress() accepts only a net.Server that listens", async () => {
  const server = createServer();
  assert.throws(() => parseAddress(server), {
    name: "TypeError",
    message: "The net.Server must be listening: call listen() first",
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
  test(`parseAddress() rejects a server that speaks ${name} itself`, async () => {
    const server = create();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      assert.throws(() => parseAddress(server), {
        name: "TypeError",
        message: "The net.Server must be a plain one, not an HTTP or TLS server",
      });
    } finally {
      await new Promise<unknown>((resolve) => server.close(resolve));
    }
  });
}

test("parseAddress() throws only a TypeError or a RangeError", () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.string({ unit: codePoints })), (address) => {
      try {
        parseAddress(address);
      } catch (error) {
        assert.ok(error instanceof TypeError || error instanceof RangeError);
        assert.match(
          error.message,
          /^(Address|Port|File descriptor|Path of a unix socket) .*must /s,
        );
      }
    }),
  );
});
