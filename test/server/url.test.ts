import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { urlOf } from "../../src/server/url.ts";

const CASES: readonly [address: AddressInfo | string, url: string][] = [
  [{ address: "127.0.0.1", family: "IPv4", port: 9464 }, "http://127.0.0.1:9464/metrics"],
  [{ address: "::1", family: "IPv6", port: 9464 }, "http://[::1]:9464/metrics"],
  [{ address: "::", family: "IPv6", port: 9464 }, "http://localhost:9464/metrics"],
  [{ address: "0.0.0.0", family: "IPv4", port: 9464 }, "http://localhost:9464/metrics"],
  ["/run/app.sock", "unix:/run/app.sock"],
];

for (const [address, url] of CASES) {
  test(`urlOf() writes ${url} for ${JSON.stringify(address)}`, () => {
    assert.equal(urlOf(address, "/metrics"), url);
  });
}
