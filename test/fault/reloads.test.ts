import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import tls from "node:tls";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { request } from "../helpers/http/raw-request.ts";
import { login, users, withConfigured, writeIdentity } from "./configured.ts";
import { SERVER, TRANSPORTS } from "./transports.ts";

/** What may grow besides, in bytes: code, and the metrics of the first scrapes. */
const ONCE_BYTES = 1_000_000;

/** What each generation may leave behind, in bytes. OpenSSL and Node keep 1.4 kB of one. */
const LEFT_BYTES = 1_500;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** Counts what is alive of the TLS servers that are made from now on. */
function watchGenerations(t: TestContext): () => number {
  const made: WeakRef<object>[] = [];
  const create = tls.createServer;
  // Not a mock, which would keep all of them. Cast: we make all of them in this way.
  tls.createServer = ((options: tls.TlsOptions) => {
    const server = create(options);
    made.push(new WeakRef(server));
    return server;
  }) as typeof create;
  t.after(() => {
    tls.createServer = create;
  });
  return () => made.filter((reference) => reference.deref() !== undefined).length;
}

for (const transport of TRANSPORTS) {
  // What the others do beside it, shows after fewer.
  const reloads = transport.isUnix || transport.tlsVersion === "TLSv1.2" ? 100 : 1_000;
  test(`over ${transport.name}, ${reloads} reloads fail no scrape, and leave nothing`, async (t) => {
    const countGenerations = watchGenerations(t);
    await withConfigured(transport, users("alice"), async (server) => {
      const headers = [login("alice")];
      const kept = await server.connect();
      const scrape = async () => {
        await kept.send(request("/metrics", { headers }));
        assert.equal((await kept.response()).status, 200);
        assert.equal((await server.request({ headers })).status, 200);
      };
      const reload = async (times: number) => {
        for (let count = 0; count < times; count++) {
          // Each time something else, so that nothing is the same by chance.
          if (count % 50 === 0) {
            await writeIdentity(server.directory, SERVER);
            await server.configure(users("alice", `user${count}`));
          }
          await server.server.reload();
          if (count % 20 === 0) await scrape();
        }
        await setImmediate();
        collectGarbage();
        await setImmediate();
        collectGarbage();
        return process.memoryUsage();
      };
      const before = await reload(reloads / 4);
      const after = await reload(reloads);
      const grown = after.heapUsed + after.external - before.heapUsed - before.external;
      assert.ok(grown < ONCE_BYTES + reloads * LEFT_BYTES, `${grown} bytes`);
      // That of the kept connection, the last, and what the collector has not come to.
      assert.ok(countGenerations() < 10, `${countGenerations()} generations`);
      await scrape();
    });
  });
}
