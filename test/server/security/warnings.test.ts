import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { Address } from "../../../src/options/address.ts";
import { parseAddress } from "../../../src/options/parse-address.ts";
import { warningsOf } from "../../../src/server/security/warnings.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const NOBODY = { users: new Map<string, string>(), tokens: [] };
const SOMEBODY = { ...NOBODY, users: new Map([["a", `$2y$10$${"a".repeat(53)}`]]) };
const TLS = { key: "text", pfx: undefined };
const CLEAR = ["Passwords and tokens cross the network in the clear: there is no TLS"];

const PLACES: readonly [address: Address, warnings: readonly string[]][] = [
  [":9464", CLEAR],
  ["0.0.0.0:9464", CLEAR],
  ["metrics.example:9464", CLEAR],
  ["[2001:db8::1]:9464", CLEAR],
  ["localhost:9464", []],
  ["127.1.2.3:9464", []],
  ["[::1]:9464", []],
  ["unix:/run/app.sock", []],
  [{ fd: 3 }, []],
];

for (const [address, warnings] of PLACES) {
  test(`warningsOf() knows who can listen in at ${JSON.stringify(address)}`, async () => {
    const target = parseAddress(address);
    assert.deepEqual(await warningsOf({ tls: undefined, policy: SOMEBODY, target }), warnings);
    const policy = { ...NOBODY, tokens: ["a"] };
    assert.deepEqual(await warningsOf({ tls: undefined, policy, target }), warnings);
    assert.deepEqual(await warningsOf({ tls: undefined, policy: NOBODY, target }), []);
    assert.deepEqual(await warningsOf({ tls: TLS, policy: SOMEBODY, target }), []);
  });
}

for (const [host, warnings] of [
  ["127.0.0.1", []],
  ["0.0.0.0", CLEAR],
] as const) {
  test(`warningsOf() looks where a given server listens: ${host}`, async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    try {
      const target = parseAddress(server);
      assert.deepEqual(await warningsOf({ tls: undefined, policy: SOMEBODY, target }), warnings);
    } finally {
      server.close();
    }
  });
}

test("warningsOf() notices a private key that everybody can read", {
  skip: process.platform === "win32" && "Windows has no such bits",
}, async () => {
  await withTempDir(async (directory) => {
    const file = join(directory, "tls.key");
    await writeFile(file, "key");
    const target = parseAddress(":9464");
    const read = (tls: Parameters<typeof warningsOf>[0]["tls"]) =>
      warningsOf({ tls, policy: NOBODY, target });
    const warning = `Every user of this system can read the private key in ${file}`;
    await chmod(file, 0o644);
    assert.deepEqual(await read({ key: { file }, pfx: undefined }), [warning]);
    assert.deepEqual(await read({ key: undefined, pfx: { file } }), [warning]);
    await chmod(file, 0o640);
    assert.deepEqual(await read({ key: { file }, pfx: undefined }), []);
    assert.deepEqual(await read({ key: new Uint8Array(1), pfx: undefined }), []);
  });
});
