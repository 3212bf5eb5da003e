import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveRenderOptions } from "../../src/options/render-rules.ts";
import { resolveHandlerOptions, resolveOptions } from "../../src/options/rules.ts";

test("resolveRenderOptions() fills in the defaults of what a rendering needs", () => {
  const open = { accept: undefined, acceptEncoding: undefined };
  assert.deepEqual(resolveRenderOptions(), { ...resolveHandlerOptions(), ...open });
  const options = { accept: "text/plain", errorHandling: "continue" } as const;
  assert.deepEqual(resolveRenderOptions(options), {
    ...resolveHandlerOptions(),
    ...open,
    ...options,
  });
});

test("resolveRenderOptions() refuses what a rendering has no use for", () => {
  for (const name of ["maxRequestsInFlight", "selfMetrics", "statusName", "path"]) {
    const owner = name === "path" ? "a server" : "a server and createHandler()";
    assert.throws(
      () => resolveRenderOptions({ [name]: undefined }),
      new TypeError(`Option "${name}" belongs to ${owner}, not to render()`),
    );
  }
  for (const name of ["accept", "acceptEncoding"]) {
    assert.throws(
      () => resolveOptions({ [name]: "gzip" }),
      new TypeError(`Option "${name}" belongs to render(), not to a server`),
    );
  }
});
