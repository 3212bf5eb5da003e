// Shows the guide in the API reference: which pages, in which order, and what they are called.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Converter } from "typedoc";

const INDEX = new URL("guide/README.md", import.meta.url);

/** The index of the guide and the pages that it links to, in its order. */
export const guidePages = [
  INDEX,
  ...Array.from(
    readFileSync(INDEX, "utf8").matchAll(/^- \[[^\]]*\]\(([^)]+\.md)\)/gm),
    ([, path]) => new URL(path, INDEX),
  ),
].map(fileURLToPath);

/** Calls each page by its heading; typedoc itself would call it by its file. */
export function nameByHeading({ converter }) {
  converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, page) => {
    page.name = /^# (.+)$/m.exec(page.content[0].text)[1];
  });
}
