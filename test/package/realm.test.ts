// Jest runs code for jsdom in a realm with intrinsics of its own, so that a `Buffer` is not of its
// `Uint8Array`. There a timer is a number, as in Electron's renderer, and much of Node is missing.
// Angular's zone.js and others replace the global `Promise`, of which no `async` function returns one.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { gunzipSync } from "node:zlib";
import { build } from "esbuild";
import { captureProcessErrors } from "../helpers/capture-process-errors.ts";
import { type HttpAnswer, httpGet } from "../helpers/http/http-get.ts";
import { listen } from "../helpers/http/with-mount.ts";
import type { LIBRARIES, LibraryRegistry } from "../helpers/registries/libraries.ts";

type Package = typeof import("../../src/index.ts");

/** The package, and the client libraries, in another realm. */
interface Realm extends Package {
  readonly libraries: typeof LIBRARIES;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const SOURCE = `
  export * from "./dist/index.js";
  export { LIBRARIES as libraries } from "./test/helpers/registries/libraries.ts";
`;

const { outputFiles } = await build({
  stdin: { contents: SOURCE, resolveDir: ROOT },
  bundle: true,
  platform: "node",
  format: "cjs",
  write: false,
  logLevel: "silent",
});
const code = outputFiles[0]?.text ?? "";

/** What the realm has of Node beside the intrinsics of JavaScript. */
function globalsOf() {
  const timers = new Map<number, NodeJS.Timeout>();
  const timerOf =
    (set: (callback: () => void, delayMs: number) => NodeJS.Timeout) =>
    (callback: () => void, delayMs: number): number => {
      timers.set(timers.size + 1, set(callback, delayMs));
      return timers.size;
    };
  const clear = (timer: number) => clearTimeout(timers.get(timer));
  return {
    globals: {
      ...{ Buffer, process, console, performance, URL, URLSearchParams, queueMicrotask },
      ...{ AbortController, AbortSignal, Event, EventTarget },
      setTimeout: timerOf(setTimeout),
      setInterval: timerOf(setInterval),
      clearTimeout: clear,
      clearInterval: clear,
    },
    stop() {
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

/** Changes to the realm before the code is loaded. */
const REALMS: Readonly<Record<string, string>> = {
  "a realm of its own": "",
  "a realm with another Promise":
    "const Native = Promise; globalThis.Promise = class extends Promise {};",
};

async function withRealm(prelude: string, run: (realm: Realm) => Promise<void>): Promise<void> {
  const errors = captureProcessErrors();
  const { globals, stop } = globalsOf();
  const context = createContext({ ...globals, module: { exports: {} } });
  context["exports"] = context["module"].exports;
  context["require"] = createRequire(import.meta.url);
  context["globalThis"] = context;
  runInContext(prelude, context);
  runInContext(code, context);
  try {
    // It exports what the source above says.
    await run(context["module"].exports as Realm);
  } finally {
    stop();
  }
  await errors.assertNone();
}

/** Fills a registry with synchronous and asynchronous metrics. */
function fill({ Registry, Counter, Gauge }: (typeof LIBRARIES)[number], lines: number) {
  const registry = new Registry();
  const registers = [registry];
  const counter = new Counter({ name: "c_total", help: "h", labelNames: ["a"], registers });
  for (let line = 0; line < lines; line++) counter.inc({ a: `${line} ${"x".repeat(100)}` });
  new Gauge({
    name: "g",
    help: "h",
    registers,
    async collect() {
      this.set({}, 7);
    },
  });
  return registry;
}

const SIZES = { small: 3, large: 3_000 } as const;

function textOf({ status, headers, body }: HttpAnswer): string {
  assert.equal(status, 200);
  return `${headers["content-encoding"] === "gzip" ? gunzipSync(body) : body}`;
}

for (const [name, prelude] of Object.entries(REALMS)) {
  for (const [size, lines] of Object.entries(SIZES)) {
    test(`in ${name} every way in serves a ${size} registry of each library`, () =>
      withRealm(prelude, async ({ Server, createHandler, render, libraries }) => {
        for (const library of libraries) {
          const registry = fill(library, lines) as LibraryRegistry & Parameters<typeof render>[0];
          const { body } = await render(registry);
          const expected = Buffer.from(body).toString();
          assert.match(expected, /^c_total\{a="2 x+"\} 1$/m, library.name);
          assert.match(expected, /^g 7$/m, library.name);

          const options = { selfMetrics: false } as const;
          const server = await Server.listen(registry, "127.0.0.1:0", options);
          const mount = await listen(createServer(createHandler(registry, options)));
          try {
            for (const url of [server.url, `http://127.0.0.1:${mount.port}/`]) {
              for (const encoding of ["identity", "gzip", "identity"]) {
                const answer = await httpGet(url, { "accept-encoding": encoding });
                assert.ok(textOf(answer) === expected, library.name);
              }
            }
            const page = await httpGet(new URL("/", server.url).href);
            assert.match(textOf(page), /<html/);
          } finally {
            await server.close();
            await mount.close();
          }
        }
      }));
  }

  test(`in ${name} failures and late collectors are answered`, () =>
    withRealm(prelude, async ({ createHandler, libraries }) => {
      const [library] = libraries;
      assert.ok(library);
      const registry = new library.Registry();
      const registers = [registry];
      new library.Gauge({
        name: "late",
        help: "h",
        registers,
        collect: () => new Promise(() => {}),
      });
      const options = { logger: false, timeoutMs: 500 } as const;
      const handler = createHandler(registry as never, options);
      const mount = await listen(createServer(handler));
      const url = `http://127.0.0.1:${mount.port}/`;
      try {
        assert.equal((await httpGet(url)).status, 503);
        await handler.update(() => {});
        handler.setFailing();
        assert.equal((await httpGet(url)).status, 500);
      } finally {
        await mount.close();
      }
    }));
}
