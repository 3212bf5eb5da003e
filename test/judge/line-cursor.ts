import { ExpositionError } from "./types.ts";

/** A position in one line of an exposition, which only moves forward. */
export class LineCursor {
  readonly line: string;
  readonly number: number;
  #position = 0;

  /**
   * @param line The line without its line feed.
   * @param number Its number, from 1.
   */
  constructor(line: string, number: number) {
    this.line = line;
    this.number = number;
  }

  /** Whether the whole line has been read. */
  get isAtEnd(): boolean {
    return this.#position === this.line.length;
  }

  /** Looks at the next code unit; `""` at the end of the line. */
  peek(): string {
    return this.line.charAt(this.#position);
  }

  /** Reads `text` if it comes next, and says whether it did. */
  skip(text: string): boolean {
    if (!this.line.startsWith(text, this.#position)) {
      return false;
    }
    this.#position += text.length;
    return true;
  }

  /** Reads `text`, which must come next. */
  take(text: string, rule = `expected ${JSON.stringify(text)}`): void {
    if (!this.skip(text)) {
      this.fail(rule);
    }
  }

  /** Reads what the sticky expression matches here, which must be something. */
  match(pattern: RegExp, rule: string): string {
    pattern.lastIndex = this.#position;
    const [text = ""] = pattern.exec(this.line) ?? [];
    if (text === "") {
      this.fail(rule);
    }
    this.#position += text.length;
    return text;
  }

  /** Reads blanks, if any: only the lenient dialects call this. */
  skipBlanks(): void {
    while (this.peek() === " " || this.peek() === "\t") {
      this.#position++;
    }
  }

  /** Reads up to the next blank, CR or the end of the line. */
  word(rule: string): string {
    return this.match(/[^ \t\r]+/y, rule);
  }

  /** Reads the rest of the line. */
  rest(): string {
    const text = this.line.slice(this.#position);
    this.#position = this.line.length;
    return text;
  }

  /** Requires the line to end here. */
  end(): void {
    if (this.isAtEnd) {
      return;
    }
    this.fail(this.rest() === "\r" ? "the line ends with CR LF" : "unexpected text at the end");
  }

  /** Throws the violation of `rule` at this place. */
  fail(rule: string): never {
    throw new ExpositionError(`line ${this.number}, column ${this.#position + 1}`, rule);
  }
}
