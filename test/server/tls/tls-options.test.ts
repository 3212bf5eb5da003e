import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import type { TlsOptions } from "../../../src/options/security.ts";
import { tlsSettingsOf } from "../../../src/server/tls/tls-options.ts";

const PAIR: TlsOptions = { cert: "c", key: "k" };

test("tlsSettingsOf() fills in what is not given", () => {
  const { fault, ...settings } = tlsSettingsOf(PAIR);
  assert.equal(typeof fault, "function");
  assert.deepEqual(settings, {
    cert: "c",
    key: "k",
    pfx: undefined,
    passphrase: undefined,
    clientAuth: "none",
    clientCa: undefined,
    clientAllowedSans: [],
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.3",
    ciphers: [],
    curves: [],
    honorCipherOrder: true,
  });
});

test("tlsSettingsOf() verifies client certificates where an authority is named", () => {
  assert.equal(tlsSettingsOf({ ...PAIR, clientCa: "a" }).clientAuth, "require-and-verify");
  const given = tlsSettingsOf({ ...PAIR, clientCa: "a", clientAuth: "verify-if-given" });
  assert.equal(given.clientAuth, "verify-if-given");
});

test("tlsSettingsOf() makes paths absolute", () => {
  const { cert, clientCa } = tlsSettingsOf({
    cert: { file: "tls.crt" },
    key: "k",
    clientCa: { file: "/x/ca.crt" },
  });
  assert.deepEqual(cert, { file: resolve("tls.crt") });
  assert.deepEqual(clientCa, { file: resolve("/x/ca.crt") });
});

const FAULTS: readonly (readonly [TlsOptions, RegExp])[] = [
  [{}, /^Option "tls" must have either cert and key, or pfx$/],
  [{ cert: "c" }, /either cert and key/],
  [{ key: "k" }, /either cert and key/],
  [{ minVersion: "TLSv1.3" }, /either cert and key/],
  [{ ...PAIR, pfx: Buffer.of(1) }, /either cert and key/],
  [{ ...PAIR, clientCa: "a", clientAuth: "none" }, /^Option "tls.clientCa" needs a clientAuth /],
  [{ ...PAIR, clientCa: "a", clientAuth: "require" }, /"tls.clientCa" needs a clientAuth /],
  [{ ...PAIR, clientCa: "a", clientAllowedSans: [] }, /"tls.clientAllowedSans" must have at /],
];

for (const [options, message] of FAULTS) {
  test(`tlsSettingsOf() refuses ${Object.keys(options).join(", ") || "nothing"}`, () => {
    assert.throws(() => tlsSettingsOf(options), { name: "TypeError", message });
  });
}

test("tlsSettingsOf() says how to give a file to whoever gives its path as the text", () => {
  const { fault } = tlsSettingsOf({ cert: "tls.crt", key: "-----BEGIN PRIVATE KEY-----" });
  assert.equal(
    fault("cert", "there is no certificate in it").message,
    'Option "tls.cert": there is no certificate in it; for a file, write { file: path }',
  );
  assert.equal(fault("key", "it is encrypted").message, 'Option "tls.key": it is encrypted');
});
