import { test } from "node:test";
import { testNitro } from "./nitro-application.ts";
import { programOf, withProject } from "./with-project.ts";

/** What Nuxt adds to the example, as far as its server is concerned. */
const NUXT = {
  "package.json": `{ "type": "module" }`,
  "nitro.config.mjs": `export default { srcDir: "server", compatibilityDate: "2026-11-01" };`,
};

test("the example for Nuxt, built by Nitro, serves its metrics", () =>
  withProject({ example: "nuxt", files: NUXT }, (project) =>
    testNitro(project, [programOf("nitropack/dist/cli/index.mjs"), "build"]),
  ));
