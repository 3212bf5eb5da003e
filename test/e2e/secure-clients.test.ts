// What curl and openssl, which operators have at hand, see of a server that is guarded.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { promisify } from "node:util";
import { hashSync } from "bcryptjs";
import type { Address, ServerOptions } from "../../src/index.ts";
import { createAuthority } from "../helpers/certificates.ts";
import { UP_TEXT } from "../helpers/families.ts";
import { request } from "../helpers/http/raw-request.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

const exec = promisify(execFile);

const AUTHORITY = createAuthority({ name: "Server CA" });
const SERVER = AUTHORITY.issue({ sans: ["DNS:localhost"], usage: ["server"] });
const CLIENT_CA = createAuthority({ name: "Client CA" });
const CLIENT = CLIENT_CA.issue({ sans: ["DNS:curl.example"], usage: ["client"] });
const STRANGER = createAuthority({ name: "Other CA" }).issue({ usage: ["client"] });

const TLS = { cert: SERVER.cert, key: SERVER.key };
const TOKEN = "a-token-of-this-test";
const AUTH = { users: { ann: hashSync("s3cret:word", 4) }, bearerTokens: [TOKEN] };

interface Setting {
  /** Has `ca.pem`, `client.pem` and `stranger.pem`. */
  readonly folder: string;
  readonly port: number;
}

/** Runs a test with a server, and the files that a client needs. */
function withGuarded(
  options: ServerOptions & { readonly address?: Address },
  run: (setting: Setting) => Promise<void>,
): Promise<void> {
  return withTempDir(async (folder) => {
    await writeFile(join(folder, "ca.pem"), AUTHORITY.cert);
    await writeFile(join(folder, "client.pem"), `${CLIENT.cert}${CLIENT.key}`);
    await writeFile(join(folder, "stranger.pem"), `${STRANGER.cert}${STRANGER.key}`);
    await withServer({ selfMetrics: false, ...options }, ({ port }) => run({ folder, port }));
  });
}

/** What curl gets: the body and behind it the status, or, if it fails, its exit code. */
async function curl({ folder, port }: Setting, ...flags: readonly string[]): Promise<string> {
  const url = `https://localhost:${port}/metrics`;
  const basics = ["-s", "-w", "%{http_code}", "--cacert", join(folder, "ca.pem")];
  const last = flags.at(-1)?.startsWith("http") ? [] : [url];
  try {
    return (await exec("curl", [...basics, ...flags, ...last])).stdout;
  } catch (error) {
    return `curl: ${(error as { readonly code: number }).code}`;
  }
}

const SCRAPED = `${UP_TEXT}200`;
const REFUSED = "Unauthorized\n401";

const CREDENTIALS: readonly [flags: readonly string[], answer: string][] = [
  [[], REFUSED],
  [["-u", "ann:s3cret:word"], SCRAPED],
  [["-u", "ann:s3cret"], REFUSED],
  [["-u", "bob:s3cret:word"], REFUSED],
  [["-H", `Authorization: Bearer ${TOKEN}`], SCRAPED],
  [["-H", `Authorization: Bearer ${TOKEN}x`], REFUSED],
  [["--oauth2-bearer", TOKEN], SCRAPED],
  // It asks first without, and answers the challenge.
  [["--anyauth", "-u", "ann:s3cret:word"], SCRAPED],
  [["--proxy-user", "ann:s3cret:word"], REFUSED],
];

test("curl scrapes over TLS with a password or a token", () =>
  withGuarded({ tls: TLS, auth: AUTH }, async (setting) => {
    for (const [flags, answer] of CREDENTIALS) {
      assert.equal(await curl(setting, ...flags), answer, flags.join(" "));
    }
    assert.equal(
      await curl(setting, `https://localhost:${setting.port}/-/healthy`),
      "Healthy.\n200",
    );
  }));

test("curl without TLS is told that it should speak it", () =>
  withGuarded({ tls: TLS }, async (setting) => {
    assert.match(await curl(setting, `http://localhost:${setting.port}/metrics`), /HTTPS.*400$/s);
  }));

for (const version of ["1.2", "1.3"]) {
  test(`curl scrapes with its certificate over TLS ${version}, and no other client does`, () =>
    withGuarded(
      { tls: { ...TLS, clientCa: CLIENT_CA.cert, clientAllowedSans: ["curl.example"] } },
      async (setting) => {
        const flags = [`--tlsv${version}`, "--tls-max", version];
        const pem = (name: string) => ["--cert", join(setting.folder, name)];
        assert.equal(await curl(setting, ...flags, ...pem("client.pem")), SCRAPED);
        assert.match(await curl(setting, ...flags), /^curl: (35|52|55|56)$/);
        assert.match(
          await curl(setting, ...flags, ...pem("stranger.pem")),
          /^curl: (35|52|55|56)$/,
        );
      },
    ));
}

test("curl scrapes over TLS on a unix socket", () =>
  withTempDir((directory) => {
    const path = join(directory, "s");
    return withGuarded({ address: { path }, tls: TLS, auth: AUTH }, async (setting) => {
      const flags = ["--unix-socket", path, "https://localhost/metrics"];
      assert.equal(await curl(setting, "-u", "ann:s3cret:word", ...flags), SCRAPED);
      assert.equal(await curl(setting, ...flags), REFUSED);
    });
  }));

/** What `openssl s_client` writes when it sends `input` and reads until the server closes. */
async function sClient(
  { folder, port }: Setting,
  flags: readonly string[],
  input: string,
): Promise<string> {
  const basics = ["-connect", `127.0.0.1:${port}`, "-servername", "localhost"];
  const trust = ["-CAfile", join(folder, "ca.pem"), "-verify_return_error"];
  const child = spawn("openssl", ["s_client", ...basics, ...trust, ...flags], { stdio: "pipe" });
  child.stdin.on("error", () => {});
  child.stdin.write(input);
  const closed = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return `${stdout}${stderr}`;
}

const CLOSING = request("/metrics", { headers: ["Connection: close"] });

const HANDSHAKES: readonly [flags: readonly string[], expected: RegExp][] = [
  [["-tls1_2"], /New, TLSv1\.2.*Verify return code: 0 \(ok\).*HTTP\/1\.1 200 OK/s],
  [["-tls1_3"], /New, TLSv1\.3.*Verify return code: 0 \(ok\).*HTTP\/1\.1 200 OK/s],
  [["-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"], /alert protocol version/],
  [["-alpn", "http/1.1"], /ALPN protocol: http\/1\.1.*HTTP\/1\.1 200 OK/s],
  [["-alpn", "h2,http/1.1"], /ALPN protocol: http\/1\.1.*HTTP\/1\.1 200 OK/s],
  [["-alpn", "h2"], /alert no application protocol/],
];

test("openssl s_client finds the versions and protocols that are offered, and no others", () =>
  withGuarded({ tls: TLS }, async (setting) => {
    for (const [flags, expected] of HANDSHAKES) {
      assert.match(await sClient(setting, flags, CLOSING), expected, flags.join(" "));
    }
  }));

test("openssl s_client cannot renegotiate", () =>
  withGuarded({ tls: TLS }, async (setting) => {
    const output = await sClient(setting, ["-tls1_2"], "R\n");
    assert.match(output, /RENEGOTIATING/);
    assert.match(output, /no renegotiation/);
  }));
