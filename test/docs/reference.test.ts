import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const DOCS = fileURLToPath(new URL("../../docs", import.meta.url));
const TYPEDOC = join(DOCS, "node_modules", ".bin", "typedoc");
const skip = existsSync(TYPEDOC) ? false : "`npm run docs` installs typedoc";

/** Checks the doc comments of an entry, with the settings of `npm run docs`. */
async function check(entry: string): Promise<{ readonly code: number; readonly output: string }> {
  const folder = await mkdtemp(join(tmpdir(), "promhttp-docs-"));
  try {
    const files = {
      "package.json": `{ "name": "entry" }`,
      "entry.ts": entry,
      "tsconfig.json": `{ "compilerOptions": { "types": [] }, "include": ["entry.ts"] }`,
      "typedoc.config.mjs": `import config from ${JSON.stringify(join(DOCS, "typedoc.config.mjs"))};
        const own = { entryPoints: ["entry.ts"], tsconfig: "tsconfig.json", emit: "none",
          readme: "none", projectDocuments: [] };
        export default { ...config, ...own };`,
    };
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(folder, name), content);
    }
    const child = spawn(process.execPath, [
      TYPEDOC,
      "--options",
      join(folder, "typedoc.config.mjs"),
    ]);
    const exit = once(child, "exit");
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: Number((await exit)[0]), output: output + errors };
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("`npm run docs` takes an entry that is documented", { skip }, async () => {
  const entry =
    "/** One, see {@link two}. */ export const one = 1;\n/** Two. */ export const two = 2;";
  const { code, output } = await check(entry);
  assert.equal(code, 0, output);
});

const FAULTS: readonly [what: string, code: string, complaint: RegExp][] = [
  [
    "a function without a comment",
    "export function f(): void {}",
    /f .*not have any documentation/,
  ],
  [
    "a property without a comment",
    "/** An interface. */ export interface Shape { readonly area: number }",
    /Shape\.area .*not have any documentation/,
  ],
  [
    "a method without a comment",
    "/** A class. */ export class Circle { grow(): void {} }",
    /Circle\.grow .*not have any documentation/,
  ],
  [
    "a broken link",
    "/** See {@link nothing}. */ export const one = 1;",
    /Failed to resolve link to "nothing"/,
  ],
  [
    "a type that is not exported",
    "interface Secret { a: 1 }\n/** Two. */ export function two(secret: Secret): void {}",
    /Secret, .*is referenced by two.* but not included/,
  ],
];

test("`npm run docs` fails for what is not documented, and for broken links", {
  skip,
}, async () => {
  const { code, output } = await check(FAULTS.map(([, entry]) => entry).join("\n"));
  for (const [what, , complaint] of FAULTS) assert.match(output, complaint, what);
  assert.match(output, /0 errors and 5 warnings/);
  assert.notEqual(code, 0);
});
