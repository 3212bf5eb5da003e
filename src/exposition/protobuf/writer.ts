const INITIAL_BYTES = 16 * 1_024;

// Up to this length a loop over ASCII beats the call into native code.
const SHORT_TEXT = 48;

/**
 * Appends protobuf fields to one buffer that grows as needed and is used again and again.
 *
 * A tag is the number of a field times eight plus its wire type. A nested message is written in
 * place: `open` reserves one byte for its length, and `close` fills it in. Where one byte is not
 * enough, `close` makes room: the small messages rarely need it, and the large ones are few.
 *
 * Hot path: every byte of an exposition passes here; `npm run bench` measures it.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufWriter {
  // Three views of the same memory: for single bytes, for text and for doubles.
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(INITIAL_BYTES);
  #buffer: Buffer = Buffer.from(this.#bytes.buffer);
  #view: DataView = new DataView(this.#bytes.buffer);
  #length = 0;

  /** The number of bytes written and not yet taken. */
  get length(): number {
    return this.#length;
  }

  /** Writes a whole number from 0 up to 2^64, exclusive. */
  uint(tag: number, value: number): void {
    this.#reserve(12);
    this.#varint(tag);
    this.#varint(value);
  }

  /** Writes an `int64`; `value` is a safe integer. */
  int64(tag: number, value: number): void {
    if (value >= 0) {
      this.uint(tag, value);
      return;
    }
    this.#reserve(12);
    this.#varint(tag);
    // Two's complement: a negative number always takes ten bytes.
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) this.#byte(Number(rest & 0x7fn) | 0x80);
    this.#byte(Number(rest));
  }

  /** Writes a `sint32` or `sint64`; `value` is a safe integer. */
  sint(tag: number, value: number): void {
    this.#reserve(2);
    this.#varint(tag);
    this.packedSint(value);
  }

  /** Writes a `sint64` without a tag, as an element of a packed field. */
  packedSint(value: number): void {
    this.#reserve(10);
    // Zigzag, in two steps: the doubled number may be above the safe integers.
    const magnitude = value < 0 ? -value - 1 : value;
    const low = (magnitude % 64) * 2 + (value < 0 ? 1 : 0);
    if (magnitude < 64) {
      this.#byte(low);
      return;
    }
    this.#byte(low | 0x80);
    this.#varint(Math.floor(magnitude / 64));
  }

  /** Writes a `double`. */
  double(tag: number, value: number): void {
    this.#reserve(2);
    this.#varint(tag);
    this.packedDouble(value);
  }

  /** Writes a `double` without a tag, as an element of a packed field. */
  packedDouble(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** Writes a `string` as UTF-8; a lone surrogate becomes U+FFFD. */
  string(tag: number, text: string): void {
    const start = this.open(tag);
    // One UTF-16 code unit makes three bytes at most.
    this.#reserve(text.length * 3);
    if (text.length > SHORT_TEXT || !this.#ascii(text)) {
      this.#length += this.#buffer.write(text, this.#length, "utf8");
    }
    this.close(start);
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Starts a nested message or a packed field, and returns the argument of `close`. */
  open(tag: number): number {
    this.#reserve(3);
    this.#varint(tag);
    return ++this.#length;
  }

  /** Starts a delimited message: its length has no tag before it. */
  openDelimited(): number {
    this.#reserve(1);
    return ++this.#length;
  }

  /** Ends what `open` or `openDelimited` started. */
  close(start: number): void {
    const length = this.#length - start;
    if (length <= 0x7f) {
      this.#bytes[start - 1] = length;
      return;
    }
    let extra = 0;
    for (let rest = length; rest > 0x7f; rest = Math.floor(rest / 128)) extra++;
    this.#reserve(extra);
    this.#bytes.copyWithin(start + extra, start, this.#length);
    this.#length = start - 1;
    this.#varint(length);
    this.#length += length;
  }

  /** Ends what `openDelimited` started when all its `length` bytes have been taken away. */
  closeTaken(start: number, length: number): void {
    this.#length = start - 1;
    this.#reserve(10);
    this.#varint(length);
  }

  /** Drops all that was written from `start` on. */
  truncate(start: number): void {
    this.#length = start;
  }

  /** The bytes that were written from `start` on, each as the character of its number. */
  latin1(start: number): string {
    return this.#buffer.toString("latin1", start, this.#length);
  }

  /** Takes away all that was written from `start` on; the caller owns what it gets. */
  take(start: number): Uint8Array {
    const taken = this.#bytes.slice(start, this.#length);
    this.#length = start;
    return taken;
  }

  #byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  #varint(value: number): void {
    let rest = value;
    // Bit operators work on 32 bits only.
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 128)) this.#byte((rest % 128) | 0x80);
    for (; rest > 0x7f; rest >>>= 7) this.#byte((rest & 0x7f) | 0x80);
    this.#byte(rest);
  }

  /** Writes `text` if it is ASCII; otherwise returns `false`, and the bytes so far do not count. */
  #ascii(text: string): boolean {
    const bytes = this.#bytes;
    const start = this.#length;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      bytes[start + index] = code;
    }
    this.#length = start + text.length;
    return true;
  }

  #reserve(size: number): void {
    if (this.#length + size > this.#bytes.length) this.#grow(this.#length + size);
  }

  #grow(minimum: number): void {
    const bytes = new Uint8Array(Math.max(minimum, 2 * this.#bytes.length));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
    this.#buffer = Buffer.from(bytes.buffer);
    this.#view = new DataView(bytes.buffer);
  }
}
