import assert from "node:assert/strict";
import { rename, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import type { TlsOptions } from "../../src/index.ts";
import type { Identity } from "../helpers/certificates.ts";
import { poll } from "../helpers/poll.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { swapData, writeIdentity } from "./configured.ts";
import { SERVER, SERVER_CA, TLS_TRANSPORTS, type TransportServer } from "./transports.ts";

/** Another certificate of the same server. */
const NEXT: Identity = SERVER_CA.issue({ name: "localhost", sans: ["DNS:localhost"] });

const tlsIn = (folder: string): TlsOptions => ({
  cert: { file: join(folder, "tls.crt") },
  key: { file: join(folder, "tls.key") },
});

const skip = process.platform === "win32" && "needs links as Kubernetes makes them";

/** Connects, and returns the certificate that the server has sent. */
async function certificateOf(server: TransportServer): Promise<string> {
  const { socket } = await server.connect();
  // Cast: the transports of this file speak TLS.
  const certificate = (socket as TLSSocket).getPeerX509Certificate()?.toString() ?? "";
  socket.destroy();
  return certificate;
}

for (const transport of TLS_TRANSPORTS) {
  test(`over ${transport.name}, a new certificate before its key fails no handshake`, async () => {
    await withTempDir(async (folder) => {
      await writeIdentity(folder, SERVER);
      await transport.withServer({ tls: tlsIn(folder) }, async (server) => {
        const seen: string[] = [];
        let isOver = false;
        const connecting = (async () => {
          while (!isOver) seen.push(await certificateOf(server));
        })();
        const isLast = async (certificate: string) => seen.at(-1) === certificate;
        await poll("the first certificate", () => isLast(SERVER.cert));
        await writeFile(join(folder, "tls.crt"), NEXT.cert);
        await sleep(200);
        await server.server.reload();
        assert.equal(await certificateOf(server), SERVER.cert);
        await writeFile(join(folder, "tls.key"), NEXT.key);
        await poll("the next certificate", () => isLast(NEXT.cert));
        isOver = true;
        await connecting;
        assert.deepEqual(new Set(seen), new Set([SERVER.cert, NEXT.cert]));
      });
    });
  });

  test(`over ${transport.name}, links that are swapped bring a new certificate`, {
    skip,
  }, async () => {
    await withTempDir(async (folder) => {
      const time = new Date(Date.now() - 3_600_000);
      const padded = (pem: string) => pem.padEnd(2_000, "\n");
      const fill = (identity: Identity) => async (version: string) => {
        await writeIdentity(version, { cert: padded(identity.cert), key: padded(identity.key) });
        // Of the same second, and as large: only the file itself is another.
        for (const name of ["tls.crt", "tls.key"]) await utimes(join(version, name), time, time);
      };
      await swapData(folder, "first", fill(SERVER));
      for (const name of ["tls.crt", "tls.key"]) {
        await symlink(join("..data", name), join(folder, name));
      }
      await transport.withServer({ tls: tlsIn(folder) }, async (server) => {
        assert.equal(await certificateOf(server), SERVER.cert);
        await swapData(folder, "second", fill(NEXT));
        await poll("the next", async () => (await certificateOf(server)) === NEXT.cert);
        await rename(join(folder, "second"), join(folder, "gone"));
        await server.server.reload();
        assert.equal(await certificateOf(server), NEXT.cert);
      });
    });
  });
}
