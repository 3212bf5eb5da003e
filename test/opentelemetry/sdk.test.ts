import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SDKS } from "./sdk.ts";

for (const { name, folder, major } of SDKS) {
  test(`${name} holds the SDK that it is named after`, () => {
    const path = join(folder, "node_modules/@opentelemetry/sdk-metrics/package.json");
    const { version } = JSON.parse(readFileSync(path, "utf8")) as { version: string };
    assert.match(version, new RegExp(`^${major}\\.`));
  });
}
