import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { freePort } from "../helpers/http/free-port.ts";
import { withApp } from "../helpers/processes/with-app.ts";
import { within } from "../helpers/within.ts";
import { parseExposition } from "../judge/index.ts";

const run = promisify(execFile);

const SOURCE = await readFile(new URL("../../examples/https.mjs", import.meta.url), "utf8");

/** Windows has no `openssl`, and no SIGHUP. */
const skip = process.platform === "win32";

test("the example https.mjs serves its metrics over TLS, and takes a new certificate", {
  skip,
}, async () => {
  const port = await freePort();
  const files = { "https.mjs": SOURCE.replace("9464", `${port}`) };
  await withApp(files, ["prom-client"], async ({ folder, node }) => {
    const certificate = join(folder, "tls.crt");
    await makeCertificate(folder);
    const ca = await readFile(certificate);
    const program = node(["https.mjs"]);

    const { status, type, body, serial } = await within(
      "an answer",
      firstAnswer({ port, path: "/metrics", ca }),
    );
    assert.equal(status, 200);
    parseExposition(type, Buffer.from(body));
    assert.match(body, /^process_cpu_seconds_total \d/m);
    assert.equal((await get({ port, path: "/metrics?name[]=up", ca })).status, 200);
    assert.equal((await get({ port, path: "/", ca })).status, 404);
    // A client that does not know the certificate refuses the server.
    await assert.rejects(get({ port, path: "/metrics" }), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });

    await makeCertificate(folder);
    program.signal("SIGHUP");
    const renewed = await readFile(certificate);
    const newer = await within(
      "the new certificate",
      firstAnswer({ port, path: "/metrics", ca: renewed }),
    );
    assert.notEqual(newer.serial, serial);

    program.signal("SIGTERM");
    assert.deepEqual(await program.exit(), { code: 0, signal: null, stdout: "", stderr: "" });
  });
});

/** Makes a certificate for the loopback, which signs itself, and its key. */
async function makeCertificate(folder: string): Promise<void> {
  const files = ["-keyout", "tls.key", "-out", "tls.crt"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  await run("openssl", ["req", "-x509", ...kind, ...names, ...files], { cwd: folder });
}

interface TlsAnswer {
  readonly status: number | undefined;
  readonly type: string;
  readonly body: string;
  /** The number of the server's certificate. */
  readonly serial: string;
}

async function get(options: RequestOptions): Promise<TlsAnswer> {
  const outgoing = request({ host: "127.0.0.1", agent: false, ...options });
  outgoing.end();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  // Node's own type does not say that a response of node:https has such a socket.
  const serial = (response.socket as TLSSocket).getPeerCertificate().serialNumber;
  const type = response.headers["content-type"] ?? "";
  return { status: response.statusCode, type, body: await text(response), serial };
}

/** Asks until the program listens with the certificate of `options`. */
async function firstAnswer(options: RequestOptions): Promise<TlsAnswer> {
  for (;;) {
    try {
      return await get(options);
    } catch (error) {
      if (!isTemporary(error)) throw error;
      await sleep(20);
    }
  }
}

/** It does not listen yet, or has not read the new certificate. */
function isTemporary(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ECONNREFUSED" || code === "DEPTH_ZERO_SELF_SIGNED_CERT";
}
