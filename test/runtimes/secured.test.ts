import assert from "node:assert/strict";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { hashSync } from "bcryptjs";
import { createAuthority } from "../helpers/certificates.ts";
import { type HttpsAnswer, httpsGet } from "../helpers/http/https-get.ts";
import { poll } from "../helpers/poll.ts";
import { forkNode } from "../helpers/processes/fork-fixture.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

// `node.test.ts` runs the tests of each part. Here is the published program, with all that secures it at once.

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const AUTHORITY = createAuthority();
const CLIENT = AUTHORITY.issue({ sans: ["DNS:prometheus.example"], usage: ["client"] });
const STRANGER = AUTHORITY.issue({ sans: ["DNS:other.example"], usage: ["client"] });
const newIdentity = () => AUTHORITY.issue({ sans: ["IP:127.0.0.1"], usage: ["server"] });

const TOKEN = "0123456789abcdef";

const CONFIG = `
tls_server_config:
  cert_file: tls.crt
  key_file: tls.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  client_allowed_sans: [prometheus.example]
basic_auth_users:
  alice: ${hashSync("secret", 4)}
`;

const FILES: Readonly<Record<string, string>> = {
  "exporter.mjs": "export default { gather: () => ({ families: [] }) };",
  "web.yml": CONFIG,
  "ca.crt": AUTHORITY.cert,
  tokens: `${TOKEN}\n`,
};

/** Replaces the certificate of a server, as certbot does. */
async function renew(directory: string): Promise<void> {
  const { cert, key } = newIdentity();
  for (const [name, text] of Object.entries({ "tls.crt": cert, "tls.key": key })) {
    await writeFile(join(directory, `${name}.new`), text, { mode: 0o600 });
    await rename(join(directory, `${name}.new`), join(directory, name));
  }
}

for (const version of [22, 24, 26]) {
  test(`the program asks for certificates and credentials, and reads its files again, on Node ${version}`, () =>
    withTempDir(async (directory) => {
      for (const [name, text] of Object.entries(FILES)) {
        await writeFile(join(directory, name), text);
      }
      await renew(directory);
      const program = join(ROOT, `test/runtimes/node_modules/node-${version}/bin/node`);
      const flags = [
        "--web.listen-address=127.0.0.1:0",
        "--web.config.file=web.yml",
        "--web.bearer-token-file=tokens",
      ];
      const args = [join(ROOT, "dist/cli.js"), ...flags, "exporter.mjs"];
      const child = forkNode(args, { cwd: directory, program });
      const port = Number(await child.errorLine(/msg="Listening on" .*:(\d+)\/metrics/));
      await child.errorLine(/msg="TLS is enabled\."/);
      const ask = (
        authorization: string,
        { cert, key } = CLIENT,
        path = "/metrics",
      ): Promise<HttpsAnswer> =>
        httpsGet({ port, ca: AUTHORITY.cert, cert, key, path, headers: { authorization } });
      const bearer = `Bearer ${TOKEN}`;
      const statusOf = async (authorization: string) => (await ask(authorization)).status;

      await assert.rejects(ask(bearer, STRANGER));
      await assert.rejects(httpsGet({ port, ca: AUTHORITY.cert }));
      assert.equal(await statusOf(""), 401);
      assert.equal((await ask("", CLIENT, "/-/healthy")).status, 200);
      assert.equal(await statusOf(`Basic ${btoa("alice:hunter2")}`), 401);
      assert.equal(await statusOf(`Basic ${btoa("alice:secret")}`), 200);
      const { status, serial, body } = await ask(bearer);
      assert.equal(status, 200);
      for (const reason of ["certificate_san", "certificate_missing"]) {
        assert.match(body, new RegExp(`connections_total\\{reason="${reason}"\\} 1$`, "m"));
      }

      await renew(directory);
      child.signal("SIGHUP");
      await poll("the new certificate", async () => (await ask(bearer)).serial !== serial);
      await writeFile(join(directory, "web.yml"), "");
      child.signal("SIGHUP");
      await child.errorLine(/the new ones would remove the last user/);
      assert.equal(await statusOf(""), 401);
      child.signal("SIGTERM");
      assert.equal((await child.exit()).code, 0);
    }));
}
