import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { httpGet } from "../helpers/http/http-get.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { Application } from "../helpers/workers/application.ts";
import { eventually, scrape } from "../helpers/workers/reading.ts";

const TOKEN = "0123456789abcdef";

test("whichever worker is the hub asks for credentials", async () => {
  await withTempDir(async (directory) => {
    const bearerTokenFile = join(directory, "tokens");
    await writeFile(bearerTokenFile, `${TOKEN}\n`);
    const options = { auth: { bearerTokenFile }, headers: { "X-Frame-Options": "deny" } };
    await using app = await Application.open({
      kind: "fork",
      isRootServing: false,
      count: 3,
      options,
    });
    for (const worker of app.workers) await worker.tell("inc", "jobs_total", 10);
    const url = `http://${app.address}/metrics`;
    const read = (token = TOKEN) => scrape(url, { Authorization: `Bearer ${token}` });

    assert.equal((await scrape(url)).status, 401);
    const reading = await read();
    assert.equal(reading.value("jobs_total"), 30);
    const missing = { reason: "credentials_missing" };
    assert.equal(reading.value("promhttp_refused_requests_total", missing), 1);

    await app.workers.shift()?.kill();
    const next = await eventually("the next hub", read, (each) => each.workers("up") === 2);
    assert.equal(next.value("jobs_total"), 30);
    assert.equal((await scrape(url)).status, 401);
    assert.equal((await scrape(`${url}?worker=1`)).status, 401);
    assert.equal((await scrape(url.replace("metrics", "-/targets"))).status, 401);
    assert.equal((await scrape(url.replace("metrics", ""))).status, 401);
    assert.equal((await httpGet(url.replace("metrics", "-/ready"))).status, 200);
  });
});
