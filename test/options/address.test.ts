import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { inspect } from "node:util";
import { describeAddress, readPort, urlOf } from "../../src/options/address.ts";
import { parseAddress } from "../../src/options/parse-address.ts";

for (const address of ["unix:9464", "localhost", "[::1]", "", { port: 9464 }, undefined]) {
  test(`readPort() does not read ${inspect(address)}`, () => {
    assert.equal(readPort(address), undefined);
  });
}

const DESCRIPTIONS: readonly [address: unknown, description: string][] = [
  [9464, ":9464"],
  [":9464", ":9464"],
  ["[::1]:9464", "[::1]:9464"],
  ["unix:app.sock", "unix:app.sock"],
  [{ port: 9464 }, ":9464"],
  [{ host: "localhost", port: 9464 }, "localhost:9464"],
  [{ host: "::1", port: 9464 }, "[::1]:9464"],
  [{ path: "app.sock" }, "unix:app.sock"],
  [{ fd: 3 }, "{ fd: 3 }"],
  [{ systemd: true }, "{ systemd: true }"],
  [{ systemd: "metrics" }, '{ systemd: "metrics" }'],
];

for (const [address, description] of DESCRIPTIONS) {
  test(`describeAddress() writes ${description} for ${inspect(address)}`, () => {
    assert.equal(describeAddress(parseAddress(address)), description);
  });
}

test("describeAddress() names a server", () => {
  assert.equal(describeAddress({ kind: "server", server: createServer() }), "a net.Server");
});

const URLS: readonly [address: AddressInfo | string, url: string][] = [
  [{ address: "127.0.0.1", family: "IPv4", port: 9464 }, "http://127.0.0.1:9464/metrics"],
  [{ address: "::1", family: "IPv6", port: 9464 }, "http://[::1]:9464/metrics"],
  [{ address: "::", family: "IPv6", port: 9464 }, "http://localhost:9464/metrics"],
  [{ address: "0.0.0.0", family: "IPv4", port: 9464 }, "http://localhost:9464/metrics"],
  ["/run/app.sock", "unix:/run/app.sock"],
];

for (const [address, url] of URLS) {
  test(`urlOf() writes ${url} for ${JSON.stringify(address)}`, () => {
    assert.equal(urlOf(address, "/metrics"), url);
  });
}
