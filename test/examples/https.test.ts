import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { selfSigned } from "../helpers/certificates.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { firstHttpsAnswer, httpsGet } from "../helpers/http/https-get.ts";
import { withApp } from "../helpers/processes/with-app.ts";
import { parseExposition } from "../judge/index.ts";

const SOURCE = await readFile(new URL("../../examples/https.mjs", import.meta.url), "utf8");

/** Windows has no SIGHUP. */
const skip = process.platform === "win32";

test("the example https.mjs serves its metrics over TLS, and takes a new certificate", {
  skip,
}, async () => {
  const port = await freePort();
  const files = { "https.mjs": SOURCE.replace("9464", `${port}`) };
  await withApp(files, ["prom-client"], async ({ folder, node }) => {
    /** Writes a certificate for the loopback, which signs itself, and its key. */
    const renew = async () => {
      const { cert, key } = selfSigned({ sans: ["IP:127.0.0.1"] });
      await writeFile(join(folder, "tls.crt"), cert);
      await writeFile(join(folder, "tls.key"), key);
      return cert;
    };
    const ca = await renew();
    const program = node(["https.mjs"]);

    const { status, headers, body, serial } = await firstHttpsAnswer({ port, ca });
    assert.equal(status, 200);
    parseExposition(headers["content-type"] ?? "", Buffer.from(body));
    assert.match(body, /^process_cpu_seconds_total \d/m);
    assert.equal((await httpsGet({ port, path: "/metrics?name[]=up", ca })).status, 200);
    assert.equal((await httpsGet({ port, path: "/", ca })).status, 404);
    // A client that does not know the certificate refuses the server.
    await assert.rejects(httpsGet({ port }), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });

    const renewed = await renew();
    program.signal("SIGHUP");
    const newer = await firstHttpsAnswer({ port, ca: renewed });
    assert.notEqual(newer.serial, serial);

    program.signal("SIGTERM");
    assert.deepEqual(await program.exit(), { code: 0, signal: null, stdout: "", stderr: "" });
  });
});
