/**
 * `promhttp --init`: writes an exporter to start from, with its test and its Dockerfile.
 *
 * The files are those of `templates/`, and package.json, which is made here because it names this version. A
 * file that is there stays as it is.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, resolve } from "node:path";
import { VERSION } from "../../version.ts";
import type { InitCommand, Language } from "./flags/init-flag.ts";

/**
 * Writes an exporter to start from.
 *
 * @param say Called for each line: each file that was written or kept, then what to do next.
 * @throws The error of the file system if a file cannot be written. Those before it remain.
 */
export function writeExporter(
  { folder, language: asked }: Omit<InitCommand, "kind">,
  say: (line: string) => void,
): void {
  const pathOf = (file: string) => resolve(folder, file);
  const language = asked ?? (existsSync(pathOf("tsconfig.json")) ? "ts" : "js");
  const [exporter, test, ...others] = filesOf(language);
  const kept = new Set<string>();
  mkdirSync(pathOf("."), { recursive: true });
  for (const file of [exporter, test, ...others]) {
    // It tests our exporter, and no other.
    if (file === test && kept.has(exporter)) continue;
    const text =
      file === "package.json" ? packageOf(pathOf("."), language) : textOf(file, language);
    const isNew = create(pathOf(file), text);
    if (!isNew) kept.add(file);
    say(isNew ? `  wrote  ${file}` : `  kept   ${file}, which was there`);
  }
  if (kept.has(exporter)) return;
  say("\nNext:");
  if (pathOf(".") !== process.cwd()) say(`  cd ${/\s/.test(folder) ? `"${folder}"` : folder}`);
  for (const command of commandsFor(language, kept.has("package.json"))) say(`  ${command}`);
  if (language === "js") return;
  if (kept.has("tsconfig.json") && !letsImport(pathOf("tsconfig.json"))) {
    say('\nTo compile the test, tsconfig.json needs "rewriteRelativeImportExtensions": true.');
  }
  // The types are those of Node 20, which has no such feature.
  if (!Reflect.get(process.features, "typescript")) {
    say(`\nNode.js ${process.version} does not load TypeScript: use 22.18 or later.`);
  }
}

/** Whether compiler options let a test import `./exporter.mts`, as Node needs it. */
function letsImport(path: string): boolean {
  const options = /"(?:rewriteRelativeImportExtensions|allowImportingTsExtensions)"\s*:\s*true/;
  return options.test(readFileSync(path, "utf8"));
}

/** Creates a file, unless something is there; tells whether it did. */
function create(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The files to write, with the extensions of modules: they mean the same in every package. */
function filesOf(language: Language): [exporter: string, test: string, ...others: string[]] {
  const settings = language === "ts" ? ["tsconfig.json"] : [];
  const others = [...settings, "package.json", ...COMMON];
  return [`exporter.m${language}`, `exporter.test.m${language}`, ...others];
}

/** The files of both languages. */
const COMMON: readonly string[] = ["Dockerfile", ".dockerignore"];

function textOf(file: string, language: Language): string {
  const { resolve: find } = createRequire(import.meta.url);
  const folder = resolve(find("promhttp/package.json"), "../templates");
  if (!COMMON.includes(file)) return readFileSync(resolve(folder, language, file), "utf8");
  const text = readFileSync(resolve(folder, file), "utf8");
  return text.replaceAll("exporter.mjs", `exporter.m${language}`);
}

function packageOf(folder: string, language: Language): string {
  const isTyped = language === "ts";
  const manifest = {
    name: nameOf(folder),
    version: "0.1.0",
    private: true,
    type: "module",
    scripts: {
      start: startOf(language),
      test: "node --test",
      ...(isTyped && { check: "tsc" }),
    },
    engines: { node: isTyped ? ">=22.18" : ">=20.19" },
    dependencies: { promhttp: `^${VERSION}` },
    ...(isTyped && { devDependencies: { "@types/node": "^22.18.0", typescript: "^7.0.2" } }),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** The name of the folder, if a package may have it: npm does not install one into another of its name. */
function nameOf(folder: string): string {
  const name = basename(folder).toLowerCase();
  return /^[a-z\d][\w.-]*$/.test(name) && name !== "promhttp" ? name : "my-exporter";
}

/** Lets it probe this machine: what may be probed has no default. */
function startOf(language: Language): string {
  return `promhttp exporter.m${language} --probe.allow=localhost`;
}

/** What to do next: in a package of its own, or in one that has scripts of its own. */
function commandsFor(language: Language, isMember: boolean): string[] {
  const types = language === "ts" ? ["npm install --save-dev typescript @types/node"] : [];
  const run = isMember
    ? [
        "npm install promhttp",
        ...types,
        `node --test exporter.test.m${language}`,
        `npx ${startOf(language)}`,
      ]
    : ["npm install", "npm test", "npm start"];
  return [
    ...run,
    "curl localhost:9464/metrics",
    'curl "localhost:9464/probe?target=localhost:9464"',
  ];
}
