import {
  type Case,
  FILES,
  HASH,
  type Look,
  PASSWORD,
  statusOf,
  tlsFile,
  tlsFileOf,
  usersFile,
} from "./case.ts";

const open = statusOf();
const overTls = statusOf({ tls: true });
const asAlice = statusOf({ user: `alice:${PASSWORD}` });

/** Which files they take, and what a first question gets. */
const ROWS: readonly [name: string, config: string | undefined, look: Look][] = [
  ["an empty file", "", open],
  ["a file of comments", "# nothing\n", open],
  ["`tls_server_config` without a value", "tls_server_config:\n", open],
  ["`basic_auth_users: {}`", "basic_auth_users: {}\n", open],
  ["a byte order mark and CRLF", "\uFEFFbasic_auth_users:\r\n", open],
  ["a file that does not exist", undefined, open],
  ["an unknown key", "basic_auth: {}\n", open],
  ["a key twice", usersFile("alice") + usersFile("bob"), open],
  ["a value of a wrong type", "basic_auth_users: [alice]\n", open],
  ["a tab as indentation", "basic_auth_users:\n\talice: x\n", open],
  ["a second document", "basic_auth_users: {}\n---\nbasic_auth_users: {}\n", open],
  ["an anchor and its alias", `basic_auth_users:\n  alice: &a ${HASH}\n  bob: *a\n`, asAlice],
  ["a tag", `basic_auth_users:\n  alice: !!str ${HASH}\n`, asAlice],
  ["`prefer_server_cipher_suites: yes`", tlsFile("prefer_server_cipher_suites: yes"), overTls],
  ["nothing but `min_version`", "tls_server_config:\n  min_version: TLS13\n", open],
  [
    "nothing but `client_auth_type`",
    "tls_server_config:\n  client_auth_type: NoClientCert\n",
    open,
  ],
  ["`cert_file` and `key_file`", tlsFile(), overTls],
  ["`cert_file` without `key_file`", "tls_server_config:\n  cert_file: tls.crt\n", open],
  ["a `cert_file` that does not exist", tlsFileOf("no.crt", "tls.key"), overTls],
  ["the key of another certificate", tlsFileOf("tls.crt", "renewed.key"), overTls],
  ["an encrypted key", tlsFileOf("encrypted.crt", "encrypted.key"), overTls],
  ["an expired certificate", tlsFileOf("expired.crt", "expired.key"), overTls],
  ["an unknown version", tlsFile("min_version: '1.2'"), overTls],
  [
    "`min_version` above `max_version`",
    tlsFile("min_version: TLS13", "max_version: TLS12"),
    overTls,
  ],
  ["an unknown cipher suite", tlsFile("cipher_suites: [AES128-SHA]"), overTls],
  ["an empty list of cipher suites", tlsFile("cipher_suites: []"), overTls],
  [
    "a cipher suite of RSA key exchange",
    tlsFile("cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]"),
    overTls,
  ],
  [
    "cipher suites without one that HTTP/2 demands",
    tlsFile("cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]"),
    overTls,
  ],
  ["an unknown curve", tlsFile("curve_preferences: [X448]"), overTls],
  ["`http2: false`", `${tlsFile()}http_server_config:\n  http2: false\n`, overTls],
  ["an unknown `client_auth_type`", tlsFile("client_auth_type: Verify"), overTls],
  ["`client_ca_file` with `NoClientCert`", tlsFile("client_ca_file: clients.crt"), overTls],
  [
    "`RequireAndVerifyClientCert` without a CA",
    tlsFile("client_auth_type: RequireAndVerifyClientCert"),
    overTls,
  ],
  [
    "a `client_ca_file` without a certificate",
    tlsFile("client_auth_type: RequireAndVerifyClientCert", "client_ca_file: empty.crt"),
    overTls,
  ],
  ["an unknown header", "http_server_config:\n  headers:\n    X-Foo: bar\n", open],
  ["`X-Frame-Options: DENY`", "http_server_config:\n  headers:\n    X-Frame-Options: DENY\n", open],
  [
    "a header with a line break",
    'http_server_config:\n  headers:\n    X-XSS-Protection: "1\\n0"\n',
    open,
  ],
  ["a hash that is too short", "basic_auth_users:\n  alice: $2y$10$abc\n", open],
  [
    "a hash of another kind",
    `basic_auth_users:\n  alice: ${HASH.replace(/^\$2\w/, "$2z")}\n`,
    open,
  ],
  ["a hash of cost 31", `basic_auth_users:\n  alice: ${HASH.replace("$04$", "$31$")}\n`, open],
  ["a user name with a colon", `basic_auth_users:\n  "a:b": ${HASH}\n`, open],
  ["an empty user name", `basic_auth_users:\n  "": ${HASH}\n`, statusOf({ user: `:${PASSWORD}` })],
  [
    "`client_allowed_sans`, since toolkit 0.10",
    tlsFile(
      "client_auth_type: RequireAndVerifyClientCert",
      "client_ca_file: clients.crt",
      "client_allowed_sans: [prometheus.example]",
    ),
    overTls,
  ],
  ["`cert` and `key`, since toolkit 0.11", inlineFile(), overTls],
  ["`rate_limit`, since toolkit 0.15", "rate_limit:\n  interval: 1s\n  burst: 5\n", open],
];

function inlineFile(): string {
  const block = (name: string, text = "") => `  ${name}: |\n${text.replace(/^(?=.)/gm, "    ")}`;
  return `tls_server_config:\n${block("cert", FILES["tls.crt"])}${block("key", FILES["tls.key"])}`;
}

export const STARTS: readonly Case[] = ROWS.map(([name, config, look]) => ({ name, config, look }));
