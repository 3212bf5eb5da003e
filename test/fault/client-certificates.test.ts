import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { Server } from "../../src/index.ts";
import type { ClientAuth, TlsOptions } from "../../src/options/security.ts";
import { createAuthority, type Identity, inDays, selfSigned } from "../helpers/certificates.ts";
import { countingGatherer } from "../helpers/gatherers.ts";
import type { RawConnection } from "../helpers/http/raw-connection.ts";
import { refusals } from "./refusals.ts";
import { SERVER, TLS_TRANSPORTS, type TransportServer } from "./transports.ts";

const CA = createAuthority({ name: "Client CA" });
const FOREIGN_CA = createAuthority({ name: "Client CA" });
const GOOD = CA.issue({ name: "prom.example", sans: ["DNS:good.example"] });

/** The certificates that a client may have, and why they are refused where they are verified. */
const CLIENTS: Readonly<Record<string, readonly [Identity | undefined, RegExp?]>> = {
  none: [undefined, /it has no client certificate$/],
  good: [GOOD],
  "foreign CA": [
    FOREIGN_CA.issue(),
    /its client certificate is signed by an authority that is not /,
  ],
  expired: [
    CA.issue({ notBefore: inDays(-9), notAfter: inDays(-1) }),
    /its client certificate has expired$/,
  ],
  "EKU server only": [
    CA.issue({ usage: ["server"] }),
    /its client certificate is not for clients$/,
  ],
  "no EKU": [CA.issue({ usage: [] })],
  "self-signed": [selfSigned(), /its client certificate is signed by itself$/],
};

const WRONG = ["foreign CA", "expired", "EKU server only", "self-signed"];

/** The clients that each type refuses, as the official exporters do. */
const REFUSED: Readonly<Record<ClientAuth, readonly string[]>> = {
  none: [],
  request: [],
  require: ["none"],
  "verify-if-given": WRONG,
  "require-and-verify": ["none", ...WRONG],
};

/** Asks for the health; returns the status, or "refused". */
async function tryHealth(
  { request }: TransportServer,
  client?: Identity,
): Promise<number | string> {
  const answer = await request({ path: "/-/healthy", client }).catch(() => undefined);
  return answer?.status ?? "refused";
}

function verifying(clientAuth: ClientAuth): boolean {
  return clientAuth === "verify-if-given" || clientAuth === "require-and-verify";
}

for (const { name, isUnix, withServer } of TLS_TRANSPORTS) {
  for (const [clientAuth, refused] of Object.entries(REFUSED) as [ClientAuth, string[]][]) {
    const ca = verifying(clientAuth) ? { clientCa: CA.cert } : {};
    const tls: TlsOptions = { clientAuth, ...ca };

    test(`"${clientAuth}" accepts the right clients: ${name}`, () =>
      withServer({ tls }, async (server) => {
        for (const [what, [client, line]] of Object.entries(CLIENTS)) {
          const isRefused = refused.includes(what);
          const before = server.log.length;
          assert.equal(await tryHealth(server, client), isRefused ? "refused" : 200, what);
          if (!isRefused || server.log.length === before) continue;
          // A reason is logged once a minute.
          assert.match(server.log.at(-1) ?? "", line ?? /^$/);
          const from = isUnix ? /connection: / : /connection from 127\.0\.0\.1: /;
          assert.match(server.log.at(-1) ?? "", from);
        }
        const invalid = refused.filter((what) => what !== "none").length;
        assert.deepEqual(await refusals(server, { client: GOOD }), {
          ...(refused.includes("none") && { certificate_missing: 1 }),
          ...(invalid > 0 && { certificate_invalid: invalid }),
        });
      }));
  }

  test(`without-certificate answers health and nothing else: ${name}`, () => {
    const options = { openHealth: "without-certificate", tls: { clientCa: CA.cert } } as const;
    return withServer(options, async ({ connect, request, log }) => {
      for (const [what, [client]] of Object.entries(CLIENTS)) {
        const isGood = what === "good" || what === "no EKU";
        const connection = await connect({ client });
        await connection.send("GET /-/healthy HTTP/1.1\r\nHost: test\r\n\r\n");
        assert.equal((await connection.response()).status, 200, what);
        await connection.send("GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n");
        const answer = await connection.response();
        assert.equal(answer.status, isGood ? 200 : 403, what);
        if (isGood) continue;
        assert.equal(answer.headers["connection"], "close");
        await connection.closed();
      }
      const { body } = await request({ client: GOOD });
      const wrong = Object.keys(CLIENTS).length - 2;
      assert.match(
        body,
        new RegExp(`^promhttp_refused_requests_total\\{reason="certificate"\\} ${wrong}$`, "m"),
      );
      assert.doesNotMatch(log.join("\n"), /[^\x20-\x7e\n]/);
    });
  });

  test(`a ticket lets in nobody whose certificate was refused: ${name}`, () => {
    const tls = { clientCa: CA.cert, clientAllowedSans: ["good.example"] };
    const options = { openHealth: "without-certificate", tls } as const;
    return withServer(options, async ({ connect }) => {
      const statusOf = async (connection: RawConnection) => {
        await connection.send("GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n");
        return (await connection.response()).status;
      };
      const clients = {
        good: GOOD,
        foreign: FOREIGN_CA.issue({ sans: ["DNS:good.example"] }),
        other: CA.issue(),
        none: undefined,
      };
      for (const [what, client] of Object.entries(clients)) {
        const first = await connect({ client });
        const tickets: Buffer[] = [];
        first.socket.on("session", (ticket: Buffer) => tickets.push(ticket));
        const status = what === "good" ? 200 : 403;
        assert.equal(await statusOf(first), status, what);
        const session = tickets[0] ?? (first.socket as TLSSocket).getSession();
        assert.ok(session, "There is no ticket");
        const resumed = await connect({ client, tls: { session } });
        assert.equal((resumed.socket as TLSSocket).isSessionReused(), true, what);
        assert.equal(await statusOf(resumed), status, what);
      }
    });
  });

  test(`health needs a certificate by default: ${name}`, () =>
    withServer({ tls: { clientCa: CA.cert } }, async (server) => {
      assert.equal(await tryHealth(server), "refused");
      assert.equal(await tryHealth(server, GOOD), 200);
      // An alert, so that a scraper can say what it lacks.
      const code = await server.connect().then(
        async (connection) => {
          // Under TLS 1.3 it comes behind the handshake.
          await connection.closed();
          return connection.errorCode;
        },
        (error: NodeJS.ErrnoException) => error.code,
      );
      assert.match(code ?? "", /ALERT_(?:CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE)/);
    }));

  test(`any authority of the list is trusted, as by Go: ${name}`, async () => {
    const intermediate = CA.issueAuthority({ name: "Intermediate" });
    const leaf = intermediate.issue();
    const chain = { ...leaf, cert: leaf.cert + intermediate.cert };
    await withServer({ tls: { clientCa: CA.cert } }, async (server) => {
      assert.equal(await tryHealth(server, chain), 200);
      assert.equal(await tryHealth(server, leaf), "refused");
    });
    await withServer({ tls: { clientCa: intermediate.cert } }, async (server) => {
      assert.equal(await tryHealth(server, chain), 200);
      assert.equal(await tryHealth(server, leaf), 200);
      assert.equal(await tryHealth(server, GOOD), "refused");
    });
    await withServer({ tls: { clientCa: FOREIGN_CA.cert + CA.cert } }, async (server) => {
      assert.equal(await tryHealth(server, chain), 200);
      assert.equal(await tryHealth(server, GOOD), 200);
    });
  });

  test(`names are compared as a whole: ${name}`, () => {
    const clientAllowedSans = ["good.example", "2001:db8::1", "a@b.c", "spiffe://td.example/*"];
    const tls = { clientCa: CA.cert, clientAllowedSans };
    return withServer({ tls }, async (server) => {
      const sans: readonly (readonly [string, number | "refused"])[] = [
        ["DNS:good.example", 200],
        ["IP:2001:0DB8:0:0:0:0:0:1", 200],
        ["email:a@b.c", 200],
        ["URI:spiffe://td.example/ns/prometheus", 200],
        ["DNS:bad.example", "refused"],
        ["DNS:*.example", "refused"],
        ["IP:10.0.0.1", "refused"],
        ["URI:http://x/, DNS:good.example", "refused"],
        ["DNS:good.example\0.bad.example", "refused"],
        ["URI:spiffe://td.example.bad/ns/prometheus", "refused"],
      ];
      for (const [san, outcome] of sans) {
        const client = CA.issue({ name: "good.example", sans: [san] });
        assert.equal(await tryHealth(server, client), outcome, san);
      }
      assert.equal(await tryHealth(server, CA.issue({ name: "good.example" })), "refused");
      const counts = await refusals(server, { client: GOOD });
      assert.deepEqual(counts, { certificate_san: 7 });
    });
  });

  test(`names are not needed where no certificate is given: ${name}`, () => {
    const clientAuth = "verify-if-given";
    const tls = { clientCa: CA.cert, clientAuth, clientAllowedSans: ["good.example"] } as const;
    return withServer({ tls }, async (server) => {
      assert.equal(await tryHealth(server), 200);
      assert.equal(await tryHealth(server, GOOD), 200);
      assert.equal(await tryHealth(server, CA.issue()), "refused");
    });
  });

  test(`a certificate that expires lets in no new connection, even by a ticket: ${name}`, () =>
    withServer({ tls: { clientCa: CA.cert } }, async (server) => {
      const end = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 2_000);
      const client = CA.issue({ notAfter: end });
      const connection = await server.connect({ client });
      const tickets: Buffer[] = [];
      connection.socket.on("session", (ticket: Buffer) => tickets.push(ticket));
      const scrape = async () => {
        await connection.send("GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n");
        return (await connection.response()).status;
      };
      assert.equal(await scrape(), 200);
      await sleep(end.getTime() + 1_100 - Date.now());
      assert.equal(await scrape(), 200);
      assert.equal(await tryHealth(server, client), "refused");
      // That of TLS 1.2 has come with the handshake.
      const session = tickets[0] ?? (connection.socket as TLSSocket).getSession();
      assert.ok(session, "There is no ticket");
      const resumed = server.request({ path: "/-/healthy", client, tls: { session } });
      await assert.rejects(resumed);
      assert.deepEqual(await refusals(server, { client: GOOD }), { certificate_invalid: 2 });
    }));
}

const START_ERRORS: Readonly<Record<string, readonly [TlsOptions, RegExp]>> = {
  "names without a certificate": [{ clientAllowedSans: ["a"] }, /"tls\.clientAllowedSans"/],
  "names without verification": [
    { clientAuth: "require", clientAllowedSans: ["a"] },
    /"tls\.clientAllowedSans"/,
  ],
  "verification without an authority": [{ clientAuth: "require-and-verify" }, /"tls\.clientCa"/],
  "verification of what is given without an authority": [
    { clientAuth: "verify-if-given" },
    /"tls\.clientCa"/,
  ],
  "an authority that is no certificate": [{ clientCa: SERVER.key }, /"tls\.clientCa"/],
};

for (const [what, [tls, message]] of Object.entries(START_ERRORS)) {
  test(`a server does not start with ${what}`, async () => {
    const listening = Server.listen(countingGatherer(), "127.0.0.1:0", {
      logger: false,
      tls: { ...SERVER, ...tls },
    });
    await assert.rejects(listening, { name: "RangeError", message });
  });
}
