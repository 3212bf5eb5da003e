import assert from "node:assert/strict";
import { test } from "node:test";
import type { TlsOptions } from "../../../src/options/security.ts";
import { createTls, type Tls, tlsFilesOf } from "../../../src/server/tls/create-tls.ts";
import { tlsSettingsOf } from "../../../src/server/tls/tls-options.ts";
import type { TlsSettings } from "../../../src/server/tls/tls-settings.ts";
import { createAuthority, inDays } from "../../helpers/certificates.ts";
import { PFX } from "./pfx.ts";

const CA = createAuthority();
const OTHER_CA = createAuthority();
const SERVER = CA.issue({ name: "localhost" });
const RSA_SERVER = CA.issue({ keyType: "rsa" });
const ENCRYPTED = CA.issue({ passphrase: "secret" });

function open(options: TlsOptions, changes: Partial<TlsSettings> = {}): Tls {
  return createTls({ ...tlsSettingsOf(options), ...changes }, () => assert.fail("A file is read"));
}

/** Settings that cannot be honoured, and the name of the one that is at fault, with the reason. */
const FAULTS: Readonly<
  Record<string, readonly [options: TlsOptions, fault: string, changes?: Partial<TlsSettings>]>
> = {
  "a certificate that is empty": [{ ...SERVER, cert: "" }, "cert: there is no certificate in it"],
  "a key as the certificate": [
    { ...SERVER, cert: SERVER.key },
    "cert: there is no certificate in it",
  ],
  "a chain that is cut off": [
    { ...SERVER, cert: SERVER.cert + CA.cert.slice(0, -40) },
    "cert: a certificate in it is cut off",
  ],
  "a broken certificate": [
    { ...SERVER, cert: SERVER.cert.replace(/\n.{20}/, "\n") },
    "cert: a certificate in it cannot be read",
  ],
  "a key that is empty": [{ ...SERVER, key: "" }, "key: there is no private key in it"],
  "a broken key": [
    { ...SERVER, key: SERVER.key.replace(/\n.{20}/, "\n") },
    "key: the private key in it cannot be read",
  ],
  "the key of another certificate": [
    { ...SERVER, key: OTHER_CA.key },
    "key: the private key does not match the first certificate",
  ],
  "a chain with the authority first": [
    { ...SERVER, cert: CA.cert + SERVER.cert },
    "key: the private key does not match the first certificate",
  ],
  "an encrypted key without a passphrase": [ENCRYPTED, "key: the private key is encrypted"],
  "a wrong passphrase": [
    { ...ENCRYPTED, passphrase: "wrong" },
    "passphrase: it does not decrypt the private key",
  ],
  "a wrong passphrase of PKCS #12": [
    { pfx: PFX, passphrase: "wrong" },
    "pfx: it cannot be read, or the passphrase is wrong",
  ],
  "PKCS #12 without its passphrase": [
    { pfx: PFX },
    "pfx: it cannot be read, or the passphrase is wrong",
  ],
  "PKCS #12 that is none": [
    { pfx: Buffer.from("x") },
    "pfx: it cannot be read, or the passphrase is wrong",
  ],
  "an authority that is empty": [
    { ...SERVER, clientCa: "" },
    "clientCa: there is no certificate in it",
  ],
  "no authority to verify with": [
    { ...SERVER, clientAuth: "require-and-verify" },
    "clientCa: without it, no client certificate can be verified",
  ],
  "no authority to verify with what is given": [
    { ...SERVER, clientAuth: "verify-if-given" },
    "clientCa: without it, no client certificate can be verified",
  ],
  "an authority without a request": [
    SERVER,
    "clientCa: no client certificate is asked for",
    { clientCa: CA.cert },
  ],
  "allowed names without a request": [
    { ...SERVER, clientAllowedSans: ["a"] },
    "clientAllowedSans: client certificates are not verified",
  ],
  "allowed names without verification": [
    { ...SERVER, clientAuth: "require", clientAllowedSans: ["a"] },
    "clientAllowedSans: client certificates are not verified",
  ],
  "an allowed name that is empty": [
    { ...SERVER, clientCa: CA.cert, clientAllowedSans: [""] },
    "clientAllowedSans: each name must be ASCII without blanks",
  ],
  "an unknown cipher suite": [
    { ...SERVER, ciphers: ["ECDHE-ECDSA-AES128-GCM-SHA256", "NOPE"] },
    'ciphers: unknown cipher suite "NOPE"',
  ],
  "a command in place of a cipher suite": [
    { ...SERVER, ciphers: ["@SECLEVEL=0"] },
    'ciphers: unknown cipher suite "@SECLEVEL=0"',
  ],
  "an unknown curve": [{ ...SERVER, curves: ["P-256", "NOPE"] }, 'curves: unknown curve "NOPE"'],
  "two curves in one": [
    { ...SERVER, curves: ["P-256:P-384"] },
    'curves: unknown curve "P-256:P-384"',
  ],
  "versions in the wrong order": [
    { ...SERVER, minVersion: "TLSv1.3" },
    "minVersion: TLSv1.3 is newer than TLSv1.2, the newest allowed",
    { maxVersion: "TLSv1.2" },
  ],
};

for (const [what, [options, fault, changes]] of Object.entries(FAULTS)) {
  test(`createTls() refuses ${what}`, () => {
    const [setting, ...reason] = fault.split(": ");
    assert.throws(() => open(options, changes), {
      name: "RangeError",
      message: `Option "tls.${setting}": ${reason.join(": ")}`,
    });
  });
}

test("createTls() says which file it cannot read, or use", () => {
  const settings = tlsSettingsOf({ ...SERVER, key: { file: "/x/tls.key" } });
  assert.deepEqual(tlsFilesOf(settings), ["/x/tls.key"]);
  const missing = () => {
    throw new Error("ENOENT: no such file");
  };
  const error = { name: "ConfigError", code: "ERR_PROMHTTP_CONFIG", file: "/x/tls.key" };
  assert.throws(() => createTls(settings, missing), {
    ...error,
    message: "Cannot use /x/tls.key: ENOENT: no such file",
  });
  assert.throws(() => createTls(settings, () => Buffer.from(OTHER_CA.key)), {
    ...error,
    message: "Cannot use /x/tls.key: the private key does not match the first certificate",
  });
});

test("createTls() takes every kind of key, bytes, a chain and an encrypted key", () => {
  for (const keyType of ["ec", "rsa", "ed25519"] as const) {
    assert.deepEqual(open(CA.issue({ keyType })).warnings, []);
  }
  const { cert, key } = SERVER;
  open({ cert: Buffer.from(cert), key: new Uint8Array(Buffer.from(key)) });
  open({ cert: `A comment\n${cert}${CA.cert}`.replaceAll("\n", "\r\n"), key });
  open({ cert: cert + key, key: cert + key });
  open({ ...SERVER, passphrase: "not needed" });
  open({ ...ENCRYPTED, passphrase: "secret" });
});

test("createTls() takes PKCS #12, and reads when its certificate expires", () => {
  const { notAfter, context } = open({ pfx: PFX, passphrase: "secret" });
  assert.equal(notAfter.toISOString(), "2126-11-04T03:48:03.000Z");
  assert.equal(context.cert, undefined);
});

test("createTls() reads when the certificate expires", () => {
  const notAfter = new Date("2040-01-02T03:04:05Z");
  assert.deepEqual(open(CA.issue({ notAfter })).notAfter, notAfter);
});

const WARNINGS: readonly (readonly [what: string, tls: () => Tls, warnings: readonly RegExp[]])[] =
  [
    ["nothing of 8 days", () => open(CA.issue({ notAfter: inDays(8) })), []],
    [
      "6 days",
      () => open(CA.issue({ notAfter: inDays(6) })),
      [/^The server certificate expires on 20[-\dT:]+Z$/],
    ],
    [
      "the past",
      () => open(CA.issue({ notBefore: inDays(-9), notAfter: inDays(-1) })),
      [/ expired on 20/],
    ],
    ["the future", () => open(CA.issue({ notBefore: inDays(1) })), [/ is not valid before 20/]],
    [
      "cipher suites for another key",
      () =>
        open({
          ...RSA_SERVER,
          ciphers: ["ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256"],
        }),
      [
        /^None of the cipher suites below TLS 1\.3 works with the server's key, which is of type rsa$/,
      ],
    ],
    [
      "cipher suites for another key, the other way",
      () => open({ ...SERVER, ciphers: ["ECDHE-RSA-AES128-GCM-SHA256"] }),
      [/ which is of type ec$/],
    ],
    [
      "nothing of one suite that works",
      () => open({ ...SERVER, ciphers: ["ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA"] }),
      [],
    ],
    [
      "nothing of suites that TLS 1.3 does not use",
      () => open({ ...SERVER, ciphers: ["ECDHE-RSA-AES128-SHA"], minVersion: "TLSv1.3" }),
      [],
    ],
    [
      "an old version",
      () => open(SERVER, { minVersion: "TLSv1.1" }),
      [/^TLSv1\.1 is not safe; clients should speak TLS 1\.2 or newer$/],
    ],
  ];

for (const [what, tls, warnings] of WARNINGS) {
  test(`createTls() warns of ${what}`, () => {
    const actual = tls().warnings;
    assert.equal(actual.length, warnings.length, actual.join());
    for (const [index, warning] of warnings.entries()) assert.match(actual[index] ?? "", warning);
  });
}

test("Tls tells apart which clients are let in, and nothing else", () => {
  const options: TlsOptions = { ...SERVER, clientCa: CA.cert + OTHER_CA.cert };
  const { clients } = open({ ...options, clientAllowedSans: ["a", "b"] });
  const same: TlsOptions = {
    ...CA.issue(),
    clientCa: OTHER_CA.cert + CA.cert,
    clientAuth: "require-and-verify",
    clientAllowedSans: ["b", "a"],
    minVersion: "TLSv1.3",
  };
  assert.equal(open(same).clients, clients);
  assert.notEqual(open({ ...same, clientCa: CA.cert }).clients, clients);
  assert.notEqual(open({ ...same, clientAllowedSans: ["a"] }).clients, clients);
  assert.notEqual(open({ ...same, clientAuth: "verify-if-given" }).clients, clients);
});

test("createTls() trusts nobody where no authority is named", () => {
  assert.deepEqual(open({ ...SERVER, clientAuth: "request" }).context.ca, []);
  assert.deepEqual(open(SERVER).context.ca, []);
});
