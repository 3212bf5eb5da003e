import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { ConfigError } from "../../src/errors.ts";
import { createTls } from "../../src/server/tls.ts";
import { readWebConfig, type WebConfig } from "../../src/server/web-config.ts";
import { createAuthority } from "../helpers/certificates.ts";

const SERVER = createAuthority().issue();

const HASH = "$2y$10$e.KcFkzWwWDw/qyk.rxHSOvKT4xpko2WwLn7tjtQoeDpPxr1F7ic2";

/** Reads the text of a file in a folder that need not exist. */
function read(text: string): WebConfig {
  return readWebConfig(Buffer.from(text), resolve("/etc/node_exporter/web.yml"));
}

const PAIR = "  cert_file: tls.crt\n  key_file: tls.key\n";

function readTls(more: string) {
  const { tls } = read(`tls_server_config:\n${PAIR}${more}`);
  assert.ok(tls !== undefined);
  return tls;
}

const EMPTY: readonly string[] = [
  "",
  "# nothing",
  "null",
  "---",
  "{}",
  "tls_server_config:",
  "tls_server_config: {}",
  "http_server_config:",
  "http_server_config: { http2: , headers: }",
  "http_server_config: { http2: yes, headers: {} }",
  "basic_auth_users:",
  "basic_auth_users: {}",
  "rate_limit:",
  "rate_limit: { interval: 0 }",
  "rate_limit: { interval: 0s, burst: 0 }",
  "rate_limit: { burst: 5 }",
];

for (const text of EMPTY) {
  test(`readWebConfig() asks for nothing where the file is ${JSON.stringify(text)}`, () => {
    assert.deepEqual(read(text), {
      tls: undefined,
      users: new Map(),
      headers: {},
      rateLimit: undefined,
    });
  });
}

test("readWebConfig() reads a file with every part of it", () => {
  const config = read(`\ufefftls_server_config:\r
  cert_file: tls.crt
  key_file: /etc/tls/tls.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ../ca.crt
  client_allowed_sans: [prometheus.example, "10.0.0.1", 17]
  min_version: TLS13
  max_version: TLS13
  cipher_suites:
    - TLS_AES_128_GCM_SHA256
    - TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
  curve_preferences: [X25519, CurveP256]
  prefer_server_cipher_suites: no
http_server_config:
  http2: false
  headers:
    Strict-Transport-Security: max-age=31536000
    X-Content-Type-Options: nosniff
    X-Frame-Options: "deny"
    X-XSS-Protection: 1
    Content-Security-Policy:
basic_auth_users:
  alice: &anchor ${HASH}
  123: ${HASH}
  __proto__: ${HASH}
rate_limit:
  interval: 1m30s
  burst: 20
`);
  const { fault: _, ...tls } = config.tls ?? assert.fail("no TLS");
  assert.deepEqual(tls, {
    cert: { file: resolve("/etc/node_exporter/tls.crt") },
    key: { file: resolve("/etc/tls/tls.key") },
    pfx: undefined,
    passphrase: undefined,
    clientAuth: "require-and-verify",
    clientCa: { file: resolve("/etc/ca.crt") },
    clientAllowedSans: ["prometheus.example", "10.0.0.1", "17"],
    minVersion: "TLSv1.3",
    maxVersion: "TLSv1.3",
    ciphers: ["TLS_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-SHA"],
    curves: ["X25519", "P-256"],
    honorCipherOrder: false,
  });
  assert.deepEqual(config.headers, {
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
    "X-XSS-Protection": "1",
    "Content-Security-Policy": "",
  });
  assert.deepEqual([...config.users.keys()], ["alice", "123", "__proto__"]);
  assert.deepEqual(new Set(config.users.values()), new Set([HASH]));
  assert.deepEqual(config.rateLimit, { intervalMs: 90_000, burst: 20 });
});

test("readWebConfig() leaves what the file does not say to the defaults", () => {
  const { clientAuth, clientAllowedSans, minVersion, maxVersion, ciphers, curves, ...others } =
    readTls("  min_version:\n  cipher_suites: []\n  client_auth_type: ''\n  client_ca: ''\n");
  assert.equal(clientAuth, "none");
  assert.deepEqual([clientAllowedSans, ciphers, curves], [[], [], []]);
  assert.deepEqual([minVersion, maxVersion], ["TLSv1.2", "TLSv1.3"]);
  assert.equal(others.honorCipherOrder, true);
  assert.equal(others.clientCa, undefined);
});

test("readWebConfig() takes a text in the file, and a file where both are set", () => {
  const { tls } = read("tls_server_config: { cert: PEM, key: inline, key_file: tls.key }");
  assert.equal(tls?.cert, "PEM");
  assert.deepEqual(tls?.key, { file: resolve("/etc/node_exporter/tls.key") });
});

const CLIENT_AUTH = {
  NoClientCert: "none",
  RequestClientCert: "request",
  RequireAnyClientCert: "require",
  RequireClientCert: "require",
  VerifyClientCertIfGiven: "verify-if-given",
  RequireAndVerifyClientCert: "require-and-verify",
};

for (const [name, clientAuth] of Object.entries(CLIENT_AUTH)) {
  test(`readWebConfig() reads ${name} as ${clientAuth}`, () => {
    const ca = clientAuth === "none" ? "" : "  client_ca: PEM\n";
    assert.equal(readTls(`  client_auth_type: ${name}\n${ca}`).clientAuth, clientAuth);
  });
}

for (const [name, version] of Object.entries({
  TLS10: "TLSv1",
  TLS11: "TLSv1.1",
  TLS12: "TLSv1.2",
  TLS13: "TLSv1.3",
})) {
  test(`readWebConfig() reads ${name} as ${version}`, () => {
    const { minVersion, maxVersion } = readTls(`  min_version: ${name}\n  max_version: ${name}\n`);
    assert.deepEqual([minVersion, maxVersion], [version, version]);
  });
}

/** What OpenSSL calls the names of Go. */
const NAMES: readonly [key: "cipher_suites" | "curve_preferences", name: string, of: string][] = [
  ["cipher_suites", "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"],
  ["cipher_suites", "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"],
  ["cipher_suites", "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256"],
  ...["ECDSA", "RSA"].flatMap((kind): typeof NAMES => {
    const [go, openssl] = [`TLS_ECDHE_${kind}_WITH`, `ECDHE-${kind}`];
    return [
      ["cipher_suites", `${go}_AES_128_GCM_SHA256`, `${openssl}-AES128-GCM-SHA256`],
      ["cipher_suites", `${go}_AES_256_GCM_SHA384`, `${openssl}-AES256-GCM-SHA384`],
      ["cipher_suites", `${go}_CHACHA20_POLY1305_SHA256`, `${openssl}-CHACHA20-POLY1305`],
      ["cipher_suites", `${go}_AES_128_CBC_SHA`, `${openssl}-AES128-SHA`],
      ["cipher_suites", `${go}_AES_256_CBC_SHA`, `${openssl}-AES256-SHA`],
    ];
  }),
  ["curve_preferences", "CurveP256", "P-256"],
  ["curve_preferences", "CurveP384", "P-384"],
  ["curve_preferences", "CurveP521", "P-521"],
  ["curve_preferences", "X25519", "X25519"],
  ["curve_preferences", "X25519MLKEM768", "X25519MLKEM768"],
  ["curve_preferences", "SecP256r1MLKEM768", "SecP256r1MLKEM768"],
];

for (const [key, name, expected] of NAMES) {
  test(`readWebConfig() reads ${name} as ${expected}`, () => {
    const { ciphers, curves } = readTls(`  ${key}: [${name}]\n`);
    assert.deepEqual([...ciphers, ...curves], [expected]);
  });
}

/** Without forward secrecy, broken, or of another name. */
const REFUSED_NAMES = [
  "TLS_RSA_WITH_AES_128_CBC_SHA",
  "TLS_RSA_WITH_AES_256_CBC_SHA",
  "TLS_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
  "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
  "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "P-256",
  "curveP256",
];

for (const name of REFUSED_NAMES) {
  test(`readWebConfig() refuses the name ${name}`, () => {
    for (const key of ["cipher_suites", "curve_preferences"]) {
      assert.throws(() => readTls(`  ${key}: [${name}]\n`), /web\.yml:4: .* must be one of /);
    }
  });
}

test("a setting that cannot be honoured is called what the file calls it", () => {
  const { tls } = read("tls_server_config:\n  cert: PEM\n  key_file: tls.key\n");
  const cause = new Error("cannot read it");
  const error = tls?.fault("key", "no such file", cause);
  assert.ok(error instanceof ConfigError);
  assert.match(error.message, /web\.yml:3: "tls_server_config\.key_file": no such file$/);
  assert.equal(error.line, 3);
  assert.equal(error.cause, cause);
  assert.match(
    tls?.fault("cert", "too old").message ?? "",
    /:2: "tls_server_config\.cert": too old$/,
  );
  assert.match(
    tls?.fault("curves", "x").message ?? "",
    /:1: "tls_server_config\.curve_pref\w+": x$/,
  );
});

/** What is refused: the line, and what the message ends with. */
const REFUSED: readonly [text: string, line: number, message: string][] = [
  ["- a", 1, "the file must be a map"],
  ["# one\nfoo: 1", 2, 'unknown key "foo"'],
  ["TLS_server_config:", 1, 'unknown key "TLS_server_config"'],
  [`"${HASH}": alice`, 1, "unknown key"],
  ["tls_server_config: on", 1, '"tls_server_config" must be a map'],
  ["tls_server_config:\n  cert_fil: x", 2, 'unknown key "cert_fil" in "tls_server_config"'],
  [
    `tls_server_config:\n${PAIR}  min_version: '1.2'`,
    4,
    'must be one of TLS10, TLS11, TLS12, TLS13, got "1.2"',
  ],
  [
    `tls_server_config:\n${PAIR}  max_version: ''`,
    4,
    'must be one of TLS10, TLS11, TLS12, TLS13, got ""',
  ],
  [`tls_server_config:\n${PAIR}  min_version: constructor`, 4, 'TLS13, got "constructor"'],
  [
    `tls_server_config:\n${PAIR}  client_auth_type: requireAnyClientCert`,
    4,
    'got "requireAnyClientCert"',
  ],
  [
    `tls_server_config:\n${PAIR}  client_allowed_sans:\n  - a\n  -`,
    6,
    "must be a list of texts that are not empty",
  ],
  [`tls_server_config:\n${PAIR}  client_allowed_sans: a`, 4, "must be a list"],
  [`tls_server_config:\n${PAIR}  cipher_suites: TLS_AES_128_GCM_SHA256`, 4, "must be a list"],
  [
    `tls_server_config:\n${PAIR}  cipher_suites:\n    - TLS_AES_128_GCM_SHA256\n    - TLS_RSA_WITH_AES_128_CBC_SHA`,
    6,
    'got "TLS_RSA_WITH_AES_128_CBC_SHA"',
  ],
  [`tls_server_config:\n${PAIR}  curve_preferences: [P-256]`, 4, 'got "P-256"'],
  [`tls_server_config:\n${PAIR}  prefer_server_cipher_suites: "true"`, 4, "must be true or false"],
  ["tls_server_config: { cert_file: [a] }", 1, '"tls_server_config.cert_file" must be a text'],
  ['tls_server_config: { cert_file: "a\\0b" }', 1, "must be the path of a file"],
  [
    `tls_server_config:\n  cert_file: a\n  key_file: |\n    a\n    b`,
    3,
    "must be the path of a file",
  ],
  ["tls_server_config: { key_file: -----BEGIN x }", 1, "must be the path of a file"],
  ["http_server_config: { http2: maybe }", 1, '"http_server_config.http2" must be true or false'],
  ["http_server_config:\n  headers:\n    X-Foo: a", 3, "X-XSS-Protection, Content-Security-Policy"],
  [
    "http_server_config:\n  headers: { x-frame-options: deny }",
    2,
    "X-XSS-Protection, Content-Security-Policy",
  ],
  [
    "http_server_config:\n  headers: { X-Frame-Options: DENY }",
    2,
    'must be "deny" or "sameorigin"',
  ],
  ["http_server_config:\n  headers: { X-Content-Type-Options: }", 2, 'must be "nosniff"'],
  [
    'http_server_config:\n  headers:\n    X-XSS-Protection: "1\\r\\nA: b"',
    3,
    "must be one line of ASCII",
  ],
  ["http_server_config:\n  headers: [a]", 2, '"http_server_config.headers" must be a map'],
  ["http_server_config:\n  headers: { X-XSS-Protection: [a] }", 2, "must be a text"],
  ["basic_auth_users: [alice]", 1, '"basic_auth_users" must be a map'],
  ["basic_auth_users:\n  alice:", 2, "must be a bcrypt hash ($2y$) of a cost from 4 to 16"],
  [`basic_auth_users:\n  "": ${HASH}`, 2, '"basic_auth_users" must be a user name without a colon'],
  [
    `basic_auth_users:\n  "a:b": ${HASH}`,
    2,
    '"basic_auth_users" must be a user name without a colon',
  ],
  [`basic_auth_users:\n  "a": ${HASH}\n  a: ${HASH}`, 3, "the same key as on line 2"],
  ["rate_limit: { interval: 1s }", 1, '"rate_limit.burst" must be an integer from 1'],
  ["rate_limit:\n  interval: 1s\n  burst: 0", 3, '"rate_limit.burst" must be an integer from 1'],
  ["rate_limit: { interval: 1s, burst: 1.5 }", 1, '"rate_limit.burst" must be an integer from 1'],
  ["rate_limit: { interval: 1s, burst: 010 }", 1, '"rate_limit.burst" must be an integer from 1'],
  ["rate_limit: { burst: -1 }", 1, '"rate_limit.burst" must be an integer from 1'],
  [
    "rate_limit: { interval: 1000, burst: 1 }",
    1,
    '"rate_limit.interval" must be a duration such as "1s"',
  ],
  [
    "rate_limit: { interval: -1s, burst: 1 }",
    1,
    '"rate_limit.interval" must be a duration such as "1s"',
  ],
  ["rate_limit: { interval: {} }", 1, '"rate_limit.interval" must be a text'],
];

for (const [text, line, message] of REFUSED) {
  test(`readWebConfig() refuses ${JSON.stringify(text.replace(PAIR, "").slice(0, 90))}`, () => {
    assert.throws(
      () => read(text),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.line, line);
        assert.ok(error.message.endsWith(message), error.message);
        return true;
      },
    );
  });
}

/** What goes wrong only together with the other settings, or with the certificates. */
const CONTRADICTIONS: readonly [text: string, line: number, message: string][] = [
  ["  min_version: TLS12", 1, '"tls_server_config.cert": a server needs a certificate'],
  ["  cert_file:\n  key: x", 1, '"tls_server_config.cert": a server needs a certificate'],
  ["  cert_file: tls.crt", 1, '.key": a server needs the private key of its certificate'],
  [`${PAIR}  min_version: TLS13\n  max_version: TLS12`, 4, ""],
  [`${PAIR}  client_ca_file: x`, 4, '.client_ca_file": no client certificate is asked for'],
  [
    `${PAIR}  client_ca: x\n  client_auth_type: NoClientCert`,
    4,
    '.client_ca": no client certificate is asked for',
  ],
  [`${PAIR}  client_auth_type: RequireAndVerifyClientCert`, 1, ""],
  [`${PAIR}  client_auth_type: VerifyClientCertIfGiven`, 1, ""],
  [
    `${PAIR}  client_allowed_sans: [a]`,
    4,
    '.client_allowed_sans": client certificates are not verified',
  ],
  [`${PAIR}  client_auth_type: RequireAnyClientCert\n  client_allowed_sans: [a]`, 5, ""],
  [
    `${PAIR}  curve_preferences: [X25519]\n  client_ca: x\n  client_auth_type: RequestClientCert`,
    5,
    '.client_ca": there is no certificate in it',
  ],
];

for (const [text, line, message] of CONTRADICTIONS) {
  test(`createTls() refuses ${JSON.stringify(text.replace(PAIR, ""))} of the file`, () => {
    const { tls } = read(`tls_server_config:\n${text}\n`);
    assert.ok(tls !== undefined);
    assert.throws(
      () => createTls(tls, (file) => Buffer.from(file.endsWith(".key") ? SERVER.key : SERVER.cert)),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.line, line);
        assert.ok(error.message.endsWith(message), error.message);
        return true;
      },
    );
  });
}

const HASHES: readonly string[] = [
  "secret",
  "$2z$10$e.KcFkzWwWDw/qyk.rxHSOvKT4xpko2WwLn7tjtQoeDpPxr1F7ic2",
  "$2x$10$e.KcFkzWwWDw/qyk.rxHSOvKT4xpko2WwLn7tjtQoeDpPxr1F7ic2",
  "$1$e.KcFkzWwWDw/qyk.rxHSOvKT4xpko2WwLn7tjtQoeDpPxr1F7ic2abcdefgh",
  HASH.replace("$10$", "$03$"),
  HASH.replace("$10$", "$17$"),
  HASH.replace("$10$", "$31$"),
  HASH.slice(0, -1),
  `${HASH}x`,
  HASH.replace("e.K", "e!K"),
  "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG",
];

for (const hash of HASHES) {
  test(`readWebConfig() refuses the hash ${hash}, and does not show it`, () => {
    assert.throws(
      () => read(`basic_auth_users:\n  alice: "${hash}"`),
      /web\.yml:2: "basic_auth_users\.alice" must be a bcrypt hash \(\$2y\$\) of a cost from 4 to 16$/,
    );
  });
}
