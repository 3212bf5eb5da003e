import assert from "node:assert/strict";
import { test } from "node:test";
import { httpGet } from "../../helpers/http/http-get.ts";
import { RawConnection } from "../../helpers/http/raw-connection.ts";
import { request } from "../../helpers/http/raw-request.ts";
import { withApp } from "../../helpers/processes/with-app.ts";
import { ESM_APP, preloaded, urlOf } from "./apps.ts";

// The preload does not affect how the application ends.

const QUIET = { PROMHTTP_ADDRESS: "127.0.0.1:0" };

/** Applications that end at once, in every way. */
const ENDS: Readonly<Record<string, string>> = {
  "has nothing to do": "",
  "writes output": `console.log("out"); console.error("err");`,
  "calls process.exit()": "process.exit(3);",
  "sets process.exitCode": "process.exitCode = 4;",
  throws: `throw new Error("boom");`,
  "throws later": `setTimeout(() => { throw new Error("boom"); }, 50);`,
  "has an unhandled rejection": `Promise.reject(new Error("boom"));`,
  "handles rejections itself": `
    process.on("unhandledRejection", (error) => { console.log(error.message); });
    Promise.reject(new Error("boom"));`,
  "handles errors itself": `
    process.on("uncaughtException", (error) => { console.log(error.message); });
    setTimeout(() => { throw new Error("boom"); }, 50);`,
  "awaits forever at the top level": "await new Promise(() => {});",
  "ends by a signal": `process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 5_000);`,
  "cannot be parsed": "const x = = 1;",
  "logs its warnings": `process.on("warning", (warning) => console.log(warning.message));`,
};

for (const [name, text] of Object.entries(ENDS)) {
  test(`the preload does not affect an application that ${name}`, async () => {
    await withApp({ "app.mjs": text }, ["prom-client"], async (app) => {
      const plain = await app.node(["app.mjs"]).exit();
      for (const option of ["--import", "--require"]) {
        const args = [option, "promhttp/register", "app.mjs"];
        assert.deepEqual(await app.node(args, QUIET).exit(), plain, option);
      }
    });
  });
}

const LISTENERS = `
  process.stdin.once("data", () => {
    const names = ["exit", "SIGTERM", "SIGINT", "message", "disconnect", "worker", "warning"];
    console.log(names.filter((name) => process.listenerCount(name) > 0).join(" "));
    process.stdin.destroy();
  });`;

/** The events that an application finds a listener of, when its metrics are served. */
const LISTENED: Readonly<Record<string, string>> = {
  // What a member has counted last must be kept.
  "1": "exit",
  "0": "",
};

for (const [PROMHTTP_WORKERS, events] of Object.entries(LISTENED)) {
  test(`with PROMHTTP_WORKERS=${PROMHTTP_WORKERS} the preload listens to "${events}"`, async () => {
    await withApp({ "app.mjs": LISTENERS }, ["prom-client"], async (app) => {
      const plain = app.node(["app.mjs"]);
      plain.tell("count");
      assert.equal((await plain.exit()).stdout, "warning\n");
      const child = preloaded(app, ["app.mjs"], { PROMHTTP_WORKERS });
      await urlOf(child);
      child.tell("count");
      const expected = [events, "warning"].filter(Boolean).join(" ");
      assert.equal((await child.exit()).stdout, `${expected}\n`);
    });
  });
}

test("an application ends while a scraper is connected and while a collector hangs", async () => {
  const text = `${ESM_APP}
    import { Gauge } from "prom-client";
    const help = "Never settles.";
    const gauge = { name: "app_hangs", help, collect: () => new Promise(() => {}) };
    process.stdin.once("data", () => {});
    if (process.env.HANGS) new Gauge(gauge);`;
  for (const env of [{}, { HANGS: "1" }]) {
    await withApp({ "app.mjs": text }, ["prom-client"], async (app) => {
      const child = preloaded(app, ["app.mjs"], env);
      const { port } = new URL(await urlOf(child));
      const connection = await new RawConnection(Number(port)).opened();
      await connection.send(request("/metrics"));
      if (!("HANGS" in env)) assert.equal((await connection.response()).status, 200);
      // Its response shows that the request before it has been read.
      await httpGet(`http://127.0.0.1:${port}/-/healthy`);
      child.tell("end");
      assert.equal((await child.exit()).code, 0);
      await connection.closed();
    });
  }
});
