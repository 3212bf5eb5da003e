import type { Document, ParsedNode, YAMLMap } from "yaml";
import { ConfigError } from "../../errors.ts";
import {
  Composer,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
} from "../../libraries/yaml.ts";

/** A value of a YAML file. */
export type YamlNode = { readonly line: number } & (
  | { readonly kind: "null" }
  /** `text` is what is written, without quotes; `value` is what YAML 1.1 takes it for. */
  | { readonly kind: "scalar"; readonly text: string; readonly value: unknown }
  | { readonly kind: "list"; readonly items: readonly YamlNode[] }
  | { readonly kind: "map"; readonly entries: ReadonlyMap<string, YamlNode> }
);

/** The largest file that is read: 1 MiB. */
const MAX_BYTES = 2 ** 20;

/** The most words, signs and escape sequences of a file, which bounds how long reading takes. */
const MAX_LEXEMES = 2 ** 15;

/** The deepest nesting of values; such a file needs four levels. */
const MAX_DEPTH = 16;

/** All that YAML 1.2.2 §5.1 does not allow (c-printable). */
const UNPRINTABLE = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** What comes before the lexeme of a scalar that is not in quotes. */
const SCALAR = "\x1f";

/** What other lexemes begin with that are refused. */
const REFUSED: Readonly<Record<string, string>> = {
  "!": "YAML tags are not allowed",
  "*": "YAML aliases are not allowed",
  "%": "YAML directives are not allowed",
};

/**
 * Reads a YAML file of settings: one document without aliases, tags and merge keys, so that it is what
 * it looks like, and not larger. It is YAML 1.1, as for the official exporters: `yes` and `on` are
 * booleans.
 *
 * @param file The path of the file, for messages, which show nothing of its text but keys.
 * @returns The document. The line of a value in a map is that of its key.
 * @throws {ConfigError} When it is not such a file.
 */
export function parseYaml(bytes: Uint8Array, file: string): YamlNode {
  if (bytes.length > MAX_BYTES) throw new ConfigError(file, "it is larger than 1 MiB");
  const text = Buffer.from(bytes).toString();
  if (!Buffer.from(text).equals(bytes)) throw new ConfigError(file, "it is not UTF-8");
  const unprintable = UNPRINTABLE.exec(text);
  if (unprintable !== null) {
    const line = text.slice(0, unprintable.index).split("\n").length;
    throw new ConfigError(file, "a character that is not printable", { line });
  }
  return new YamlReader(text, file).read();
}

/** Turns the document of the library into ours, and refuses what a file of settings does not need. */
class YamlReader {
  readonly #text: string;
  readonly #file: string;
  readonly #lines = new LineCounter();

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  read(): YamlNode {
    let root: YamlNode | undefined;
    for (const { errors, contents, range } of this.#compose()) {
      const [error] = errors.toSorted((one, other) => one.pos[0] - other.pos[0]);
      if (error !== undefined) throw this.#fault(error.pos[0], reasonOf(error.message));
      if (root !== undefined) throw this.#fault(range[0], "more than one YAML document");
      root = this.#nodeOf(contents, 1);
    }
    return root ?? { kind: "null", line: 1 };
  }

  #compose(): Iterable<Document.Parsed> {
    const { addNewLine } = this.#lines;
    addNewLine(0);
    // Equal keys are found below: the library compares each key with all others of its map.
    const composer = new Composer({ version: "1.1", uniqueKeys: false });
    return composer.compose(this.#tokens(new Parser(addNewLine)), true, this.#text.length);
  }

  /** Parses, but not deeper than what the composer, which calls itself, can take. */
  *#tokens(parser: Parser): ReturnType<Parser["next"]> {
    let count = 0;
    let previous = "";
    for (const lexeme of new Lexer().lex(this.#text)) {
      const refused = previous === SCALAR ? undefined : REFUSED[lexeme.charAt(0)];
      if (refused !== undefined && lexeme.trim() !== "%YAML 1.1") {
        throw this.#fault(parser.offset, refused);
      }
      for (const token of parser.next(lexeme)) {
        if (token.type === "error") throw this.#fault(token.offset, reasonOf(token.message));
        yield token;
      }
      // The document itself is at the bottom of the stack.
      if (parser.stack.length > MAX_DEPTH + 1) {
        throw this.#fault(parser.offset, `nested deeper than ${MAX_DEPTH} levels`);
      }
      // Each escape sequence may be an error of its own.
      count += lexeme.startsWith('"') ? lexeme.split("\\").length : 1;
      if (count > MAX_LEXEMES) throw this.#fault(parser.offset, "too many entries");
      previous = lexeme;
    }
    yield* parser.end();
  }

  #nodeOf(node: ParsedNode | null, line: number): YamlNode {
    if (isScalar(node)) {
      if (node.value === null) return { kind: "null", line };
      return { kind: "scalar", line, text: node.source ?? "", value: node.value };
    }
    if (isMap(node)) return { kind: "map", line, entries: this.#entriesOf(node) };
    if (isSeq(node)) {
      const items = node.items.map((item) => this.#nodeOf(item, this.#lineOf(item.range[0])));
      return { kind: "list", line, items };
    }
    // Nothing: an alias has been refused above.
    return { kind: "null", line };
  }

  #entriesOf(map: YAMLMap.Parsed): ReadonlyMap<string, YamlNode> {
    const entries = new Map<string, YamlNode>();
    for (const { key, value } of map.items) {
      const [offset] = key.range;
      // A merge key is a symbol to the library.
      if (!isScalar(key) || typeof key.value === "symbol") {
        throw this.#fault(offset, "each key must be a text, and no merge key");
      }
      const name = key.source ?? "";
      const earlier = entries.get(name);
      if (earlier !== undefined) {
        throw this.#fault(offset, `the same key as on line ${earlier.line}`);
      }
      entries.set(name, this.#nodeOf(value, this.#lineOf(offset)));
    }
    return entries;
  }

  #lineOf(offset: number): number {
    return this.#lines.linePos(offset).line;
  }

  #fault(offset: number, reason: string): ConfigError {
    return new ConfigError(this.#file, reason, { line: this.#lineOf(offset) });
  }
}

/** What the library says, without what it quotes of the file, which may be a secret. */
function reasonOf(message: string): string {
  const reason = message.replace(/(?<=\w): .*|(?<=escape sequence) .*/s, "");
  return `not YAML: ${reason.replace(/["']quote/, "quote")}`;
}
