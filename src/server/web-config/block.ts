import { ConfigError } from "../../errors.ts";
import { isPath } from "../../options/late-rules.ts";
import type { YamlNode } from "./yaml-file.ts";

/** A text of the file, and its line. */
export interface Line {
  readonly text: string;
  readonly line: number;
}

/** What a message shows of a file: a hash, or a line of a key, does not look like this. */
const NAME = /^[\w.@-]{0,32}$/;

type YamlMap = Extract<YamlNode, { kind: "map" }>;

/**
 * A part of the file whose keys are known. A key without a value is one that is not there, as for the
 * official exporters.
 *
 * Its errors name the key and the line. They show no value, except where the value is one of few that are
 * allowed: it may be a secret that is in the wrong place.
 */
export class Block {
  /** The line on which it begins. */
  readonly line: number;
  readonly #file: string;
  readonly #path: string;
  readonly #entries: YamlMap["entries"];

  /**
   * Takes a part of the file.
   *
   * @param keys All keys that it may have.
   * @param path Where it is, in keys; empty for the whole file.
   * @throws {ConfigError} When it is not a map, or has another key.
   */
  constructor(file: string, node: YamlNode, keys: readonly string[], path = "") {
    this.line = node.line;
    this.#file = file;
    this.#path = path;
    if (node.kind !== "map" && node.kind !== "null") {
      const what = path === "" ? "the file" : quote(path);
      throw new ConfigError(file, `${what} must be a map`, { line: node.line });
    }
    this.#entries = node.kind === "map" ? node.entries : new Map();
    for (const [key, { line }] of this.#entries) {
      if (keys.includes(key)) continue;
      // It may be a value whose line has lost its indentation.
      const shown = NAME.test(key) ? ` ${quote(key)}` : "";
      const where = path === "" ? "" : ` in ${quote(path)}`;
      throw new ConfigError(file, `unknown key${shown}${where}`, { line });
    }
  }

  /** Whether a key of it has a value. */
  has(key: string): boolean {
    return this.#node(key) !== undefined;
  }

  /** Whether it has any key. */
  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** The part under a key, which has no keys if it is not there. */
  block(key: string, keys: readonly string[]): Block {
    const node = this.#node(key) ?? { kind: "null", line: this.line };
    return new Block(this.#file, node, keys, this.#pathOf(key));
  }

  /** The text under a key; numbers and booleans are what is written. Empty if it is not there. */
  text(key: string): string {
    const node = this.#node(key);
    if (node === undefined) return "";
    if (node.kind !== "scalar") throw this.fault(key, "must be a text");
    return node.text;
  }

  /** The path of a file; `undefined` if it is not there, or empty. */
  path(key: string): string | undefined {
    const text = this.text(key);
    if (text === "") return undefined;
    if (!isPath(text)) throw this.fault(key, "must be the path of a file");
    return text;
  }

  /** The boolean under a key. */
  flag(key: string, byDefault: boolean): boolean {
    const node = this.#node(key);
    if (node === undefined) return byDefault;
    if (node.kind === "scalar" && typeof node.value === "boolean") return node.value;
    throw this.fault(key, "must be true or false");
  }

  /** What the text under a key stands for. */
  oneOf<T>(key: string, table: Readonly<Record<string, T>>, byDefault: T): T {
    if (!this.has(key)) return byDefault;
    return this.#lookUp(key, { text: this.text(key), line: this.#lineOf(key) }, table);
  }

  /** What each text of a list stands for. */
  someOf<T>(key: string, table: Readonly<Record<string, T>>): readonly T[] {
    return this.list(key).map((item) => this.#lookUp(key, item, table));
  }

  /** The texts of a list, none of which is empty. */
  list(key: string): readonly Line[] {
    const node = this.#node(key);
    if (node === undefined) return [];
    if (node.kind !== "list") throw this.fault(key, "must be a list");
    return node.items.map((item) => {
      if (item.kind === "scalar" && item.text !== "") return item;
      throw this.#faultAt(item.line, key, " must be a list of texts that are not empty");
    });
  }

  /**
   * The texts of a map whose keys are names of the user's.
   *
   * @param faultOf What a text, which is empty without a value, must be instead; `undefined` if it is right.
   */
  texts(
    key: string,
    faultOf: (name: string, text: string) => string | undefined,
  ): ReadonlyMap<string, string> {
    const node = this.#node(key);
    if (node === undefined) return new Map();
    if (node.kind !== "map") throw this.fault(key, "must be a map");
    const texts = new Map<string, string>();
    for (const [name, value] of node.entries) {
      const text = value.kind === "scalar" ? value.text : "";
      const isText = value.kind === "scalar" || value.kind === "null";
      const fault = isText ? faultOf(name, text) : "a text";
      if (fault !== undefined) {
        const path = name !== "" && NAME.test(name) ? `${key}.${name}` : key;
        throw this.#faultAt(value.line, path, ` must be ${fault}`);
      }
      texts.set(name, text);
    }
    return texts;
  }

  /** Makes the error for the value of a key; `demand` says what it must be. */
  fault(key: string, demand: string): ConfigError {
    return this.#faultAt(this.#lineOf(key), key, ` ${demand}`);
  }

  /** Makes the error for a value, or the lack of it, that cannot be honoured for a reason. */
  unusable(key: string, reason: string, cause?: unknown): ConfigError {
    return this.#faultAt(this.#lineOf(key), key, `: ${reason}`, cause);
  }

  #lookUp<T>(key: string, { text, line }: Line, table: Readonly<Record<string, T>>): T {
    const found = Object.hasOwn(table, text) ? table[text] : undefined;
    if (found !== undefined) return found;
    const shown = NAME.test(text) ? `, got ${quote(text)}` : "";
    throw this.#faultAt(line, key, ` must be one of ${Object.keys(table).join(", ")}${shown}`);
  }

  #faultAt(line: number, key: string, text: string, cause?: unknown): ConfigError {
    return new ConfigError(this.#file, `${quote(this.#pathOf(key))}${text}`, { line, cause });
  }

  #node(key: string): YamlNode | undefined {
    const node = this.#entries.get(key);
    return node?.kind === "null" ? undefined : node;
  }

  #lineOf(key: string): number {
    return this.#entries.get(key)?.line ?? this.line;
  }

  #pathOf(key: string): string {
    return this.#path === "" ? key : `${this.#path}.${key}`;
  }
}

function quote(text: string): string {
  return `"${text}"`;
}
