// Reads files that are nearly web configuration files. By hand, for long:
//
//   PROMHTTP_TEST_RUNS_FACTOR=30 npm test -- test/fault/web-config-fuzz.test.ts
//
// A failure prints the seed and the shrunken file. Under CI the seed is always the same.
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError, Server } from "../../src/index.ts";
import { readWebConfig, type WebConfig } from "../../src/server/web-config.ts";
import { createAuthority, type Identity } from "../helpers/certificates.ts";
import { countingGatherer } from "../helpers/gatherers.ts";
import { scaleRuns } from "../helpers/scale-runs.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { login, SECRET_HASH, users, withConfigured, writeOld } from "./configured.ts";
import { PLAIN_TRANSPORTS, TLS_TRANSPORTS } from "./transports.ts";
import { expectedOf } from "./web-config-oracle.ts";

const PARAMETERS = {
  numRuns: scaleRuns(1_500),
  ...(process.env["CI"] && { seed: 20_260_101 }),
  // Making a file that fails shorter can take very long.
  interruptAfterTimeLimit: 60_000 + scaleRuns(10_000),
};

const PATH = resolve("/etc/promhttp/web.yml");

/** What no message may show. A short part of it may be taken for a name. */
const SECRET = /(?:hunter2){5}/;
const HASH = `$2y$10$${"hunter2".repeat(7)}abcd`;
const PEM = "hunter2".repeat(9);

const FILES = [
  "",
  "tls_server_config:\n  cert_file: tls.crt\n  key_file: tls.key\n",
  `tls_server_config:
  cert: |
    -----BEGIN CERTIFICATE-----
    ${PEM}
    -----END CERTIFICATE-----
  key_file: "tls.key" # ${PEM}
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  client_allowed_sans: [prometheus.example, 'spiffe://a/b', 10.0.0.1]
  min_version: TLS12
  max_version: TLS13
  cipher_suites:
    - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    - TLS_AES_128_GCM_SHA256
  curve_preferences: [X25519, CurveP256]
  prefer_server_cipher_suites: no
http_server_config:
  http2: on
  headers:
    Strict-Transport-Security: max-age=31536000
    X-Frame-Options: deny
    X-XSS-Protection: "1; mode=block"
basic_auth_users:
  alice: ${HASH}
  "b\\u006fb": '${HASH}'
  123: ${HASH}
rate_limit:
  interval: 1m30s
  burst: 20
`,
  `{basic_auth_users: {alice: ${HASH}, bob: "${HASH}"}, rate_limit: {interval: 0}}`,
  `# users\r\nbasic_auth_users:\r\n    alice: >-\r\n      ${HASH}\r\nrate_limit: {burst: 5, interval: 10ms}\r\n`,
];

/** What YAML gives a meaning to, and what the file does. */
const PIECES = [
  ..."\n\t :-,?#&*!|>'\"%@`[]{}<=.~\0\x7f\x85\u2028\ufeff\\",
  "\r\n",
  "\n  ",
  "\n    ",
  ": ",
  "\n- ",
  "? ",
  "---\n",
  "...\n",
  "&a ",
  "*a",
  "<<: ",
  "!!str ",
  "!!binary ",
  "%YAML 1.1\n",
  "%YAML 1.2\n---\n",
  "%TAG ! tag:x\n",
  "|\n",
  ">-\n",
  "null",
  "true",
  "yes",
  "0",
  "1",
  "-1",
  "010",
  "1.5",
  "1e3",
  "1:30",
  "0x1F",
  "2026-01-01",
  ".inf",
  "1s",
  "-1s",
  "9999999h",
  "TLS10",
  "TLS13",
  "NoClientCert",
  "RequireClientCert",
  "CurveP521",
  "TLS_RSA_WITH_AES_128_CBC_SHA",
  "sameorigin",
  "nosniff",
  "__proto__",
  "constructor",
  "toString",
  "basic_auth_users",
  "tls_server_config",
  "tls_server_config:\n",
  "basic_auth_users:\n",
  "  min_version: ",
  "  client_auth_type: ",
  "  burst: ",
  "  cert_file: ",
  '"\\x00"',
  "'<<'",
  HASH,
  `$2z$10$${HASH.slice(7)}`,
  HASH.replace("$10$", "$31$"),
];

const KEYS = [
  ...(FILES[2]?.match(/^ *[\w-]+(?=:)/gm) ?? []).map((key) => key.trim()),
  "client_ca",
  "key",
  "X-Content-Type-Options",
  "Content-Security-Policy",
  "X-Foo",
  "",
  "a:b",
  "<<",
  "__proto__",
];

const VALUES = [
  ...PIECES.filter((piece) => /^[\w.:-]+$/.test(piece)),
  ...["", "~", "on", "off", "Null", "deny", "tls.crt", "a\r\nb", " ", "\0", "é", "#", "[]", "{}"],
  ...["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "X25519MLKEM768", "VerifyClientCertIfGiven"],
  ...["20", "1h2m3.5s", "2500us", "2500\u00b5s", ".5s", "+1s", "1_000", HASH],
];

const edit = fc.record({
  at: fc.nat(2_000),
  remove: fc.oneof(fc.constant(0), fc.nat(12)),
  insert: fc.oneof(fc.constant(""), fc.constantFrom(...PIECES), fc.string({ maxLength: 4 })),
});
const edited = fc
  .tuple(fc.constantFrom(...FILES), fc.array(edit, { minLength: 1, maxLength: 4 }))
  .map(([file, edits]) =>
    edits.reduce((text, { at, remove, insert }) => {
      const position = at % (text.length + 1);
      return text.slice(0, position) + insert + text.slice(position + remove);
    }, file),
  );

/** A file that is half written, or has lines twice, or in another order. */
const rearranged = fc
  .tuple(fc.constantFrom(...FILES), fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 3 }))
  .map(([file, moves]) => {
    const lines = file.split("\n");
    for (const [from, to] of moves) {
      lines.splice(to % lines.length, from % 2, lines[from % lines.length] ?? "");
    }
    return lines.join("\n");
  });
const truncated = fc
  .tuple(fc.constantFrom(...FILES), fc.nat(2_000))
  .map(([file, length]) => file.slice(0, length % (file.length + 1)));

const spliced = fc
  .array(fc.constantFrom(...PIECES, ...KEYS, ...VALUES, ...FILES), { maxLength: 10 })
  .map((pieces) => pieces.join(""));

/** Legal YAML of the right words, in all styles, mostly in the wrong places. */
const scalar = fc
  .tuple(fc.constantFrom(...VALUES), fc.nat(5))
  .map(([text, style]) =>
    style === 0 || !/^[\w$~.:/+-]*$/.test(text) ? JSON.stringify(text) : text,
  );
const list = fc.array(scalar, { maxLength: 3 }).map((items) => `[${items.join(", ")}]`);
const key = fc
  .tuple(fc.constantFrom(...KEYS), fc.boolean())
  .map(([text, isQuoted]) => (isQuoted ? JSON.stringify(text) : text));
const map = (value: fc.Arbitrary<string>) =>
  fc
    .array(fc.tuple(key, value), { maxLength: 4 })
    .map((entries) => `{${entries.map(([name, text]) => `${name}: ${text}`).join(", ")}}`);
const composed = map(fc.oneof(scalar, list, map(fc.oneof(scalar, list, map(scalar)))));

/** The right keys at their places, with values that are mostly of the right kind. */
const placed = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        ...Object.entries({
          tls_server_config: KEYS.slice(1, 13),
          http_server_config: ["http2"],
          basic_auth_users: ["alice", "bob", "123", "yes", "a:b"],
          rate_limit: ["interval", "burst"],
        }),
      ),
      fc.array(fc.tuple(fc.nat(12), fc.oneof(scalar, list)), { minLength: 1, maxLength: 3 }),
    ),
    { maxLength: 3 },
  )
  .map((blocks) =>
    blocks
      .map(([[name, keys], entries]) => {
        const lines = entries.map(([index, text]) => `  ${keys[index % keys.length]}: ${text}\n`);
        return `${name}:\n${lines.join("")}`;
      })
      .join(""),
  );

/** Files with bytes changed: they are not UTF-8 any more, or say something else. */
const garbled = fc
  .tuple(
    fc.constantFrom(...FILES),
    fc.array(fc.tuple(fc.nat(2_000), fc.nat(255)), { maxLength: 3 }),
  )
  .map(([file, changes]) => {
    const bytes = Buffer.from(file);
    for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
    return bytes;
  });

const KINDS = { edited, rearranged, truncated, spliced, composed, placed, garbled };

/** Reads a file; `undefined` if it is refused. */
function read(file: Uint8Array): WebConfig | undefined {
  try {
    return readWebConfig(file, PATH);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.ok(error.message.startsWith(`Cannot use ${PATH}`));
    // One line of visible characters, which is as long as a line may be.
    assert.match(error.message.slice(`Cannot use ${PATH}`.length), /^(?::\d+)?: [ -~]{1,800}$/);
    assert.doesNotMatch(error.message, SECRET);
    const lines = file.toString().split("\n").length;
    assert.ok((error.line ?? 1) >= 1 && (error.line ?? 1) <= lines, error.message);
    return undefined;
  }
}

/** What the oracle says, in our form; a difference of rounding is none. */
function expected(file: Uint8Array, got: ReturnType<typeof read>): ReturnType<typeof read> {
  const config = expectedOf(file);
  if (config === undefined) return undefined;
  const { tls, users, headers, rateLimit } = config;
  const absolute = (source: unknown) =>
    typeof source === "object" && source !== null && "file" in source
      ? { file: resolve(PATH, "..", String(source.file)) }
      : source;
  const sources = { cert: absolute(tls?.["cert"]), key: absolute(tls?.["key"]) };
  const clientCa = absolute(tls?.["clientCa"]);
  const { intervalMs = 0, burst = 0 } = rateLimit ?? {};
  const isSame = Math.abs((got?.rateLimit?.intervalMs ?? 0) / intervalMs - 1) < 1e-9;
  return {
    // Cast: it is compared with one.
    tls:
      tls && ({ ...NO_PASSPHRASE, ...tls, ...sources, clientCa, fault: got?.tls?.fault } as never),
    users: new Map(Object.entries(users)),
    headers,
    rateLimit: rateLimit && (isSame ? got?.rateLimit : { intervalMs, burst }),
  };
}

const NO_PASSPHRASE = { pfx: undefined, passphrase: undefined };

for (const [kind, files] of Object.entries(KINDS)) {
  test(`a file that is ${kind} is refused, or means what it says`, () => {
    const counts = { refused: 0, read: 0 };
    fc.assert(
      fc.property(files, (file) => {
        const bytes = Buffer.from(file);
        const config = read(bytes);
        assert.deepEqual(config, expected(bytes, config));
        counts[config === undefined ? "refused" : "read"]++;
      }),
      PARAMETERS,
    );
    for (const [what, count] of Object.entries(counts)) assert.ok(count >= 20, `${count} ${what}`);
    assert.ok(counts.refused + counts.read >= PARAMETERS.numRuns, "Too slow: some were not tried");
  });
}

/** Files in which somebody has a login, and what may become of them. */
const damaged = fc.oneof(edited, rearranged, truncated, placed).map((text) => {
  // A hash that is compared at once.
  return text.replaceAll(HASH, SECRET_HASH);
});

const SLOW_PARAMETERS = { ...PARAMETERS, numRuns: scaleRuns(150) };

for (const transport of PLAIN_TRANSPORTS) {
  test(`over ${transport.name}, no file that is written under a server opens a door`, () =>
    withConfigured(transport, users("alice"), async ({ server, request, configure }) => {
      await fc.assert(
        fc.asyncProperty(damaged, async (text) => {
          await configure(text);
          await server.reload();
          assert.equal((await request()).status, 401);
        }),
        SLOW_PARAMETERS,
      );
    }));
}

const CLIENT_CA = createAuthority({ name: "Client CA" });
const CLIENT = CLIENT_CA.issue({ sans: ["DNS:prom.example"] });
const STRANGER = CLIENT_CA.issue({ sans: ["DNS:other.example"] });

/** What follows the certificate of the server, in a file that asks for all that there is. */
const ALL_ASKED = `  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  client_allowed_sans:
    - prom.example
${users("alice")}`;

/** All texts that have lost some lines which stood together. */
function* torn(text: string): Iterable<string> {
  const lines = text.split(/(?<=\n)/);
  for (let from = 0; from < lines.length; from++) {
    for (let to = from + 1; to <= lines.length; to++)
      yield lines.toSpliced(from, to - from).join("");
  }
}

for (const transport of TLS_TRANSPORTS.filter(({ tlsVersion }) => tlsVersion === "TLSv1.3")) {
  test(`over ${transport.name}, no file that has lost lines lets in a stranger`, () =>
    withConfigured(transport, users("alice"), async (server) => {
      const { directory, file, tlsBlock, configure, request } = server;
      await writeOld(join(directory, "ca.crt"), CLIENT_CA.cert);
      await configure(ALL_ASKED);
      await server.server.reload();
      const outcome = (client?: Identity, headers: readonly string[] = [login("alice")]) =>
        request({ headers, client }).then(
          ({ status }) => status,
          () => "refused",
        );
      for (const text of torn(tlsBlock + ALL_ASKED)) {
        assert.equal(await outcome(CLIENT), 200);
        await writeOld(file, text);
        await server.server.reload();
        assert.equal(await outcome(), "refused", text);
        assert.equal(await outcome(STRANGER), "refused", text);
        assert.equal(await outcome(CLIENT, []), 401, text);
      }
    }));
}

test("a server starts with a file only if it can honour it", () =>
  withTempDir(async (directory) => {
    const file = join(directory, "web.yml");
    await fc.assert(
      fc.asyncProperty(damaged, async (text) => {
        await writeOld(file, text);
        const config = expectedOf(Buffer.from(text));
        const options = { webConfigFile: file, logger: false } as const;
        const outcome = await Server.listen(countingGatherer(), "127.0.0.1:0", options).then(
          (server) => statusOf(server).finally(() => server.close()),
          (error: unknown) => error,
        );
        // The certificates are not there.
        const isRefused = config === undefined || config.tls !== undefined;
        if (isRefused) return assert.ok(outcome instanceof ConfigError, String(outcome));
        assert.equal(outcome, Object.keys(config.users).length > 0 ? 401 : 200);
      }),
      SLOW_PARAMETERS,
    );
  }));

async function statusOf({ url }: Server): Promise<number> {
  return (await fetch(url, { method: "HEAD" })).status;
}
