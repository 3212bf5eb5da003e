// Web configuration files that nobody means: none of them may open a port.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { hashSync } from "bcryptjs";
import { ConfigError, Server } from "../../src/index.ts";
import { createAuthority } from "../helpers/certificates.ts";
import { countingGatherer } from "../helpers/gatherers.ts";
import { scaleWait } from "../helpers/wait-factor.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

const CA = createAuthority();
const SERVER = CA.issue();

/** What lies beside the file. */
const FILES: Readonly<Record<string, string>> = {
  "tls.crt": SERVER.cert,
  "tls.key": SERVER.key,
  "other.key": CA.issue().key,
  "encrypted.key": CA.issue({ passphrase: "secret" }).key,
  "ca.crt": CA.cert,
  "empty.crt": "there is no certificate here\n",
};

const HASH = hashSync("secret", 4);
const PAIR = "tls_server_config:\n  cert_file: tls.crt\n  key_file: tls.key\n";
const USER = "basic_auth_users:\n  alice: ";

interface Case {
  readonly name: string;
  readonly text: string;
  /** The line at fault; absent for the whole file. */
  readonly line?: number;
  /** What the message says. */
  readonly says: RegExp;
}

/** What is legal YAML, but cannot be honoured. */
const VALUES: readonly Case[] = [
  {
    name: "a least version above the greatest",
    text: `${PAIR}  min_version: TLS13\n  max_version: TLS12\n`,
    line: 4,
    says: /"tls_server_config\.min_version"/,
  },
  {
    name: "a key of another certificate",
    text: PAIR.replace("tls.key", "other.key"),
    line: 3,
    says: /"tls_server_config\.key_file": the private key does not match/,
  },
  {
    name: "an encrypted key",
    text: PAIR.replace("tls.key", "encrypted.key"),
    line: 3,
    says: /"tls_server_config\.key_file": the private key is encrypted/,
  },
  {
    name: "a certificate that is missing",
    text: PAIR.replace("tls.crt", "none.crt"),
    line: 2,
    says: /"tls_server_config\.cert_file": .*none\.crt/,
  },
  {
    name: "a key without a certificate",
    text: "tls_server_config:\n  key_file: tls.key\n",
    line: 1,
    says: /"tls_server_config\.cert"/,
  },
  {
    name: "a version, but no certificate",
    text: "tls_server_config:\n  min_version: TLS13\n",
    line: 1,
    says: /"tls_server_config\.cert"/,
  },
  {
    name: "verified clients without an authority",
    text: `${PAIR}  client_auth_type: RequireAndVerifyClientCert\n`,
    line: 1,
    says: /"tls_server_config\.client_ca"/,
  },
  {
    name: "an authority without a certificate",
    text: `${PAIR}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: empty.crt\n`,
    line: 5,
    says: /"tls_server_config\.client_ca_file": there is no certificate in it/,
  },
  {
    name: "an authority that nobody asks for",
    text: `${PAIR}  client_ca_file: ca.crt\n`,
    line: 4,
    says: /"tls_server_config\.client_ca_file"/,
  },
  {
    name: "names of clients whose certificates are not verified",
    text: `${PAIR}  client_auth_type: RequireAnyClientCert\n  client_allowed_sans: [a]\n`,
    line: 5,
    says: /"tls_server_config\.client_allowed_sans"/,
  },
  {
    name: "a line break in a header",
    text: 'http_server_config:\n  headers:\n    X-XSS-Protection: "1\\r\\nSet-Cookie: a=b"\n',
    line: 3,
    says: /"http_server_config\.headers\.X-XSS-Protection"/,
  },
  {
    name: "another header",
    text: "http_server_config:\n  headers:\n    X-Foo: bar\n",
    line: 3,
    says: /"http_server_config\.headers\.X-Foo"/,
  },
  {
    name: "an empty burst",
    text: "rate_limit:\n  interval: 1s\n  burst: 0\n",
    line: 3,
    says: /"rate_limit\.burst"/,
  },
  {
    name: "a duration without a unit",
    text: "rate_limit:\n  interval: 1000\n  burst: 1\n",
    line: 2,
    says: /"rate_limit\.interval"/,
  },
  {
    name: "a hash that takes days",
    text: `${USER}${HASH.replace("$04$", "$31$")}\n`,
    line: 2,
    says: /"basic_auth_users\.alice" must be a bcrypt hash/,
  },
  {
    name: "a hash of an unknown kind",
    text: `${USER}${HASH.replace(/^\$2./, "$2z")}\n`,
    line: 2,
    says: /"basic_auth_users\.alice" must be a bcrypt hash/,
  },
  {
    name: "a user without a hash",
    text: `${USER}\n`,
    line: 2,
    says: /"basic_auth_users\.alice" must be a bcrypt hash/,
  },
  {
    name: "a user with a colon",
    text: `basic_auth_users:\n  "a:b": ${HASH}\n`,
    line: 2,
    says: /"basic_auth_users" must be a user name without a colon/,
  },
  {
    name: "two documents",
    text: `${USER}${HASH}\n---\nrate_limit:\n`,
    line: 3,
    says: /more than one YAML document/,
  },
  { name: "an unknown key", text: "\nfoo: bar\n", line: 2, says: /unknown key "foo"/ },
];

/** What must not cost time or memory. */
const YAML: readonly Case[] = [
  {
    name: "aliases of aliases",
    text: `a0: &a0 [x, x, x, x, x, x, x, x, x]\n${Array.from(
      { length: 9 },
      (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level}, `.repeat(9)}]\n`,
    ).join("")}`,
    line: 2,
    says: /YAML aliases are not allowed/,
  },
  { name: "deep lists", text: "[".repeat(500_000), line: 1, says: /nested deeper/ },
  { name: "deep blocks", text: "- ".repeat(500_000), line: 1, says: /nested deeper/ },
  { name: "deep maps", text: "{a: ".repeat(250_000), line: 1, says: /nested deeper/ },
  { name: "10 MB", text: `a: ${"b".repeat(10_000_000)}\n`, says: /larger than \d MiB/ },
  { name: "a tab for indentation", text: "a:\n\tb: c\n", line: 2, says: /Tabs are not allowed/ },
  {
    name: "a prototype",
    text: "__proto__: { polluted: yes }\n",
    line: 1,
    says: /unknown key "__proto__"/,
  },
  {
    name: "a prototype further in",
    text: "http_server_config:\n  __proto__: { polluted: yes }\n",
    line: 2,
    says: /unknown key "__proto__" in "http_server_config"/,
  },
  {
    name: "a constructor",
    text: "constructor: { prototype: { polluted: yes } }\n",
    line: 1,
    says: /unknown key "constructor"/,
  },
  {
    name: "a merge key",
    text: `basic_auth_users:\n  <<: { alice: ${HASH} }\n`,
    line: 2,
    says: /no merge key/,
  },
  {
    name: "a tag",
    text: "a: !!js/function 'function () {}'\n",
    line: 1,
    says: /YAML tags are not allowed/,
  },
  {
    name: "a key twice",
    text: `basic_auth_users:\n  alice: ${HASH}\n  alice: ${HASH}\n`,
    line: 3,
    says: /the same key as on line 2/,
  },
  {
    name: "a part twice",
    text: `basic_auth_users:\n  alice: ${HASH}\nbasic_auth_users:\n`,
    line: 3,
    says: /the same key as on line 1/,
  },
  { name: "a control character", text: "a: \0\n", line: 1, says: /not printable/ },
];

/** Writes a file and what lies beside it. */
async function writeCase(directory: string, text: string): Promise<string> {
  const file = join(directory, "web.yml");
  await writeFile(file, text);
  for (const [name, content] of Object.entries(FILES)) {
    await writeFile(join(directory, name), content, { mode: 0o600 });
  }
  return file;
}

/** Starts a server, which must fail. */
async function refusalOf(address: string, webConfigFile: string): Promise<ConfigError> {
  const source = countingGatherer();
  const started = Server.listen(source, address, { webConfigFile, logger: false });
  const error = await started.then(
    async (server) => {
      await server.close();
      return assert.fail("it has started");
    },
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConfigError, String(error));
  assert.equal(error.code, "ERR_PROMHTTP_CONFIG");
  return error;
}

for (const { name, text, line, says } of [...VALUES, ...YAML]) {
  test(`a server does not start with a file that has ${name}`, () =>
    withTempDir(async (directory) => {
      const file = await writeCase(directory, text);
      const socket = join(directory, "socket");
      const addresses = process.platform === "win32" ? [] : [`unix:${socket}`];
      for (const address of ["127.0.0.1:0", ...addresses]) {
        const error = await refusalOf(address, file);
        assert.equal(error.file, file);
        assert.equal(error.line, line);
        assert.match(error.message, says);
        assert.doesNotMatch(error.message, /[^ -~]/);
        assert.ok(!error.message.includes(HASH.slice(7)), error.message);
      }
      assert.ok(!existsSync(socket));
      assert.deepEqual(Object.keys(Object.prototype), []);
      assert.equal("polluted" in {}, false);
    }));
}

test("a server does not start with a file that is a folder, or missing", () =>
  withTempDir(async (directory) => {
    const folder = join(directory, "folder");
    await mkdir(folder);
    for (const file of [folder, join(directory, "missing.yml")]) {
      const error = await refusalOf("127.0.0.1:0", file);
      assert.equal(error.file, file);
    }
  }));

/** How long a computation takes the processor, in milliseconds: the least of some runs. */
function leastMs(run: () => void): number {
  const times = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    run();
    return process.cpuUsage(before).user / 1_000;
  });
  return Math.min(...times);
}

for (const { name, text } of YAML) {
  test(`a file that has ${name} is refused at once`, async () => {
    const { readWebConfig } = await import("../../src/server/web-config.ts");
    const bytes = Buffer.from(text);
    const least = leastMs(() => assert.throws(() => readWebConfig(bytes, "web.yml"), ConfigError));
    assert.ok(least < scaleWait(50), `${least} ms`);
  });
}
