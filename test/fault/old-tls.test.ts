import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CIPHERS, type SecureVersion, type TLSSocket } from "node:tls";
import { request } from "../helpers/http/raw-request.ts";
import { withConfigured } from "./configured.ts";
import { TLS_TRANSPORTS, type TransportServer } from "./transports.ts";

// What only a web configuration file can ask for: old versions of TLS, none of the new ones, and whose order of
// cipher suites counts.

/** The version that a client and the server agree on. */
async function versionOf(
  { connect }: Pick<TransportServer, "connect">,
  minVersion: SecureVersion,
  maxVersion: SecureVersion = minVersion,
): Promise<string | null> {
  const ciphers = `${DEFAULT_CIPHERS}:@SECLEVEL=0`;
  const connection = await connect({ tls: { minVersion, maxVersion, ciphers } });
  await connection.send(request("/-/healthy"));
  assert.equal((await connection.response()).status, 200);
  return (connection.socket as TLSSocket).getProtocol();
}

for (const transport of TLS_TRANSPORTS.filter(({ tlsVersion }) => tlsVersion === "TLSv1.3")) {
  const { name } = transport;

  test(`min_version TLS10 lets in old clients, with a warning: ${name}`, () =>
    withConfigured(transport, "  min_version: TLS10\n", async (server) => {
      assert.equal(await versionOf(server, "TLSv1"), "TLSv1");
      assert.equal(await versionOf(server, "TLSv1.1"), "TLSv1.1");
      assert.equal(await versionOf(server, "TLSv1", "TLSv1.3"), "TLSv1.3");
      assert.match(server.log.join("\n"), /^warn promhttp: TLSv1 is not safe; clients should /m);
    }));

  test(`max_version TLS12 lets in no newer client: ${name}`, () =>
    withConfigured(transport, "  max_version: TLS12\n", async (server) => {
      assert.equal(await versionOf(server, "TLSv1.2", "TLSv1.3"), "TLSv1.2");
      await assert.rejects(versionOf(server, "TLSv1.3"), { code: /ALERT/ });
    }));

  test(`cipher_suites are those of TLS 1.2: ${name}`, () => {
    const suites = "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA]\n";
    return withConfigured(transport, suites, async (server) => {
      assert.equal(await versionOf(server, "TLSv1.2"), "TLSv1.2");
      assert.equal(await versionOf(server, "TLSv1.2", "TLSv1.3"), "TLSv1.3");
    });
  });
}

/** Two suites, of which the server likes the first better. */
const SUITES = `  cipher_suites:
    - TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
    - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
`;

for (const transport of TLS_TRANSPORTS.filter(({ tlsVersion }) => tlsVersion === "TLSv1.2")) {
  for (const [text, bits] of [
    ["", 256],
    ["  prefer_server_cipher_suites: true\n", 256],
    ["  prefer_server_cipher_suites: false\n", 128],
  ] as const) {
    test(`cipher suites of ${bits} bits with "${text.trim()}": ${transport.name}`, () =>
      withConfigured(transport, SUITES + text, async ({ connect }) => {
        const ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384";
        const { socket } = await connect({ tls: { ciphers } });
        const { name } = (socket as TLSSocket).getCipher();
        assert.match(name, new RegExp(`^ECDHE-ECDSA-AES${bits}-`));
      }));
  }
}
