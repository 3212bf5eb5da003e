// How `npm run docs` makes docs/api: the README and the guide, and then the API reference with every
// entry of the package, and nothing without a doc comment.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { guidePages, nameByHeading } from "./guide-pages.mjs";

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
  readme: fileURLToPath(new URL("../README.md", import.meta.url)),
  projectDocuments: guidePages,
  plugin: [nameByHeading],
  // README and pages have their own.
  headings: { readme: false, document: false },
  // Those of the default that are used, and those of the guide.
  highlightLanguages: [
    "bash",
    "dockerfile",
    "hcl",
    "ini",
    "javascript",
    "nginx",
    "typescript",
    "yaml",
  ],
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
