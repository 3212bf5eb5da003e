import assert from "node:assert/strict";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import { type Authority, createAuthority } from "../helpers/certificates.ts";
import { blockingGatherer } from "../helpers/gatherers.ts";
import type { RawConnection } from "../helpers/http/raw-connection.ts";
import { request } from "../helpers/http/raw-request.ts";
import { type ConfiguredServer, withConfigured } from "./configured.ts";
import { refusals } from "./refusals.ts";
import { TLS_TRANSPORTS } from "./transports.ts";

// The authority of the clients is replaced while the server runs. Both have the same name.

const OLD_CA = createAuthority({ name: "Client CA" });
const NEW_CA = createAuthority({ name: "Client CA" });
const OLD = OLD_CA.issue({ name: "old" });
const NEW = NEW_CA.issue({ name: "new" });

/** What follows the certificate of the server in the file. */
function trust(...authorities: readonly Authority[]): string {
  const lines = authorities.flatMap(({ cert }) => cert.trim().split("\n"));
  const indented = lines.map((line) => `    ${line}\n`).join("");
  return `  client_auth_type: RequireAndVerifyClientCert\n  client_ca: |\n${indented}`;
}

async function scrape(connection: RawConnection): Promise<number> {
  await connection.send(request("/metrics"));
  return (await connection.response()).status;
}

for (const transport of TLS_TRANSPORTS) {
  test(`an authority that is replaced lets in nobody by a ticket: ${transport.name}`, () =>
    withConfigured(transport, trust(OLD_CA), async (server) => {
      const { connect, configure, request: ask } = server;
      const first = await connect({ client: OLD });
      const tickets: Buffer[] = [];
      first.socket.on("session", (ticket: Buffer) => tickets.push(ticket));
      assert.equal(await scrape(first), 200);
      const session = tickets[0] ?? (first.socket as TLSSocket).getSession();
      assert.ok(session, "There is no ticket");
      const resumed = await connect({ tls: { session } });
      assert.equal((resumed.socket as TLSSocket).isSessionReused(), true);
      assert.equal(await scrape(resumed), 200);

      await configure(trust(NEW_CA));
      await server.server.reload();
      await assert.rejects(ask({ tls: { session } }));
      await assert.rejects(ask({ client: OLD, tls: { session } }));
      assert.deepEqual(await refusals(server, { client: NEW }), {
        certificate_missing: 1,
        certificate_invalid: 1,
      });
    }));

  test(`a connection under a replaced authority is closed when idle: ${transport.name}`, () =>
    withConfigured(transport, trust(OLD_CA), async ({ connect, configure, server, log }) => {
      const idle = await connect({ client: OLD });
      assert.equal(await scrape(idle), 200);
      await configure(trust(NEW_CA));
      await server.reload();
      await idle.closed();
      assert.equal(await scrape(await connect({ client: NEW })), 200);
      assert.deepEqual(log, []);
    }));

  test(`a request under a replaced authority is cut off, and can be repeated: ${transport.name}`, () => {
    const source = blockingGatherer();
    const test = async ({ connect, configure, server, log }: ConfiguredServer) => {
      const busy = await connect({ client: OLD });
      await busy.send(request("/metrics"));
      await source.started();
      await configure(trust(OLD_CA, NEW_CA));
      await server.reload();
      source.release();
      // What is under way is finished.
      assert.equal((await busy.response()).status, 200);
      await busy.send(request("/metrics"));
      assert.equal(await busy.closed(), "");
      assert.equal(await scrape(await connect({ client: OLD })), 200);
      assert.deepEqual(log, []);
    };
    return withConfigured(transport, trust(OLD_CA), test, { source });
  });
}
