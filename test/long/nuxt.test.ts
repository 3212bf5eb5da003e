import { join } from "node:path";
import { test } from "node:test";
import { testNitro } from "../frameworks/nitro-application.ts";
import { programOf, ROOT, withProject } from "../frameworks/with-project.ts";

// Nuxt needs Node 22, at least.
const NODE = join(ROOT, "test/runtimes/node_modules/node-22/bin/node");

const FILES = {
  "package.json": `{ "type": "module" }`,
  "nuxt.config.mjs": `export default { compatibilityDate: "2026-11-01", telemetry: false };`,
  "app/app.vue": "<template><p>Hello!</p></template>",
};

test("the example for Nuxt serves its metrics", () =>
  withProject({ example: "nuxt", files: FILES, folder: "nuxt", program: NODE }, (project) =>
    testNitro(project, [programOf("nuxt/bin/nuxt.mjs", "nuxt"), "build"]),
  ));
