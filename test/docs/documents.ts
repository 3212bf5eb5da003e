import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";

export const ROOT: URL = new URL("../../", import.meta.url);

/** A document for people. */
export interface Document {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** A block of code of a document. */
export interface Block {
  readonly language: string;
  readonly code: string;
  /** The line of prose before it. */
  readonly caption: string;
}

/** A link of a document to a file of the repository, or to a heading. */
export interface Link {
  readonly markdown: string;
  /** The file from the root of the repository. */
  readonly path: string;
  readonly anchor: string | undefined;
}

export function readDocument(path: string): Document {
  return { path, text: readFileSync(new URL(path, ROOT), "utf8") };
}

function documentsIn(folder: string, recursive = false): Document[] {
  return readdirSync(new URL(folder, ROOT), { recursive, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .sort()
    .map((name) => readDocument(posix.join(folder, name.replaceAll("\\", "/"))));
}

/** Every page of the guide, its index among them. */
export const GUIDE: readonly Document[] = documentsIn("docs/guide", true);

/** Every document: of the repository's root, of the guide, and of the benchmarks. */
export const DOCUMENTS: readonly Document[] = [
  ...documentsIn("."),
  ...GUIDE,
  ...documentsIn("bench"),
];

export function blocksOf({ text }: Document): Block[] {
  const blocks = text.matchAll(/([^\n]*)\n+```(\w*)\n(.*?)^```$/gms);
  return Array.from(blocks, ([, caption = "", language = "", code = ""]) => ({
    caption,
    language,
    code,
  }));
}

export function linksOf({ path: document, text }: Document): Link[] {
  const links = proseOf(text).matchAll(/\]\((?![a-z]+:)([^)#]*)(?:#([^)]*))?\)/g);
  return Array.from(links, ([markdown, path, anchor]) => ({
    markdown,
    path: path ? posix.join(posix.dirname(document), path) : document,
    anchor,
  }));
}

/** The anchors of the headings of a document, as GitHub makes them. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of proseOf(markdown).matchAll(/^#{1,6} (.*)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    let copies = 0;
    let unique = anchor;
    while (anchors.has(unique)) unique = `${anchor}-${++copies}`;
    anchors.add(unique);
  }
  return anchors;
}

/** A document without its blocks of code, in which links and headings are only text. */
function proseOf(markdown: string): string {
  return markdown.replace(/^```.*?^```/gms, "");
}

/** The lines of a text without indentation and empty ones. */
export function linesOf(text: string): string[] {
  return text.split("\n").flatMap((line) => line.trim() || []);
}

/** What stands below a heading of the second level. */
export function sectionOf({ text, path }: Document, heading: string): string {
  const section = text.split(`\n## ${heading}\n`)[1];
  if (section === undefined) throw new Error(`${path} has no section "${heading}"`);
  return section.split("\n## ")[0] ?? "";
}
