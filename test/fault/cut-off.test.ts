import assert from "node:assert/strict";
import { test } from "node:test";
import { netServer } from "../helpers/http/net-server.ts";
import { request } from "../helpers/http/raw-request.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { assertWhole, readAnswer } from "./answer.ts";
import { longSource, METRIC_BYTES } from "./long-source.ts";

// A body of 1 MB that fails at any point: no client that respects the framing may take a part of it
// for the whole, whatever version of HTTP and content encoding it is sent in.

const METRICS = 1_000_000 / METRIC_BYTES;
/** Four failures in each chunk of 64 KiB. */
const STEP = 16;

const VERSIONS: Readonly<Record<string, (headers: readonly string[]) => string>> = {
  "HTTP/1.1": (headers) => request("/metrics", { headers: [...headers, "Connection: close"] }),
  "HTTP/1.0": (headers) => ["GET /metrics HTTP/1.0", ...headers, "", ""].join("\r\n"),
};

const FAILURES: Readonly<Record<string, () => never>> = {
  throws: () => {
    throw new Error("broken");
  },
  "throws undefined": () => {
    throw undefined;
  },
};

for (const [version, requestOf] of Object.entries(VERSIONS)) {
  for (const encoding of ["identity", "gzip"]) {
    for (const [how, fail] of Object.entries(FAILURES)) {
      test(`no part of a body that ${how} looks whole: ${version}, ${encoding}`, async () => {
        let failAt = 0;
        const onRead = (index: number) => {
          if (index === failAt) fail();
        };
        const source = longSource(() => METRICS, onRead);
        let resets = 0;
        const { server: address } = await netServer();
        // At the server's end: libuv may report a reset to the client as an orderly end.
        address.on("connection", (socket) => {
          const reset = socket.resetAndDestroy.bind(socket);
          socket.resetAndDestroy = () => {
            resets++;
            return reset();
          };
        });
        const options = { source, address, selfMetrics: false };
        await withServer(options, async ({ connect }) => {
          let cutOff = 0;
          for (; failAt < METRICS + STEP; failAt += STEP) {
            const before = resets;
            const connection = await connect();
            await connection.send(requestOf([`Accept-Encoding: ${encoding}`]));
            const answer = readAnswer(await connection.closed(), resets > before);
            if (answer === undefined) cutOff++;
            else if (answer.status !== 500) assertWhole(answer);
            else assert.match(answer.body.toString(), /^The metrics could not be gathered/);
            // Behind the last metric it does not fail at all.
            assert.equal(answer?.status === 200, failAt >= METRICS);
          }
          assert.ok(cutOff > 40, `${cutOff} were cut off`);
        });
      });
    }
  }
}
