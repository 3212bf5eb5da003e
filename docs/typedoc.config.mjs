// How `npm run docs` makes the API reference, in docs/api: every entry of the package, and nothing
// without a doc comment.
import { readFileSync } from "node:fs";

const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

const entryPoints = Object.values(exports)
  .flatMap(({ types }) => types ?? [])
  .map((types) => types.replace("./dist/", "../src/").replace(".d.ts", ".ts"));

// biome-ignore lint/style/noDefaultExport: typedoc demands it.
export default {
  entryPoints,
  tsconfig: "../tsconfig.build.json",
  out: "api",
  name: "promhttp",
  readme: "none",
  includeVersion: true,
  disableSources: true,
  excludePrivate: true,
  requiredToBeDocumented: [
    "Variable",
    "Function",
    "Class",
    "Constructor",
    "Accessor",
    "Method",
    "Interface",
    "Property",
    "TypeAlias",
  ],
  validation: {
    notExported: true,
    notDocumented: true,
    invalidLink: true,
    invalidPath: true,
    rewrittenLink: true,
  },
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
};
