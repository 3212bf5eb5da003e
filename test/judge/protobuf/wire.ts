import { decodeUtf8 } from "../lines.ts";
import { ExpositionError } from "../types.ts";

/** A position in protobuf's wire format (Protocol Buffers, Encoding), which only moves forward. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #position: number;

  constructor(bytes: Uint8Array, position = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = position;
    this.#end = end;
  }

  /** Whether all has been read. */
  get isAtEnd(): boolean {
    return this.#position === this.#end;
  }

  /** The place of the next byte, as an error names it. */
  get place(): string {
    return `offset ${this.#position}`;
  }

  /** Reads an unsigned varint of at most `maxBytes` in its shortest form. */
  varint(maxBytes = 10): bigint {
    const start = this.place;
    let value = 0n;
    for (let index = 0; index < maxBytes; index++) {
      const byte = this.#view.getUint8(this.#skip(1));
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) {
        if (byte === 0 && index > 0) {
          throw new ExpositionError(start, "a varint longer than it need be");
        }
        if (value >= 2n ** 64n) {
          break;
        }
        return value;
      }
    }
    throw new ExpositionError(start, `a varint of more than ${maxBytes} bytes or 64 bits`);
  }

  /** Reads a `uint32`. */
  uint32(): bigint {
    const value = this.varint();
    return value < 2n ** 32n ? value : this.fail("more than 32 bits");
  }

  /** Reads an `int64`. */
  int64(): bigint {
    return BigInt.asIntN(64, this.varint());
  }

  /** Reads a `sint64`, which is zigzag-encoded. */
  sint64(): bigint {
    const value = this.varint();
    return (value >> 1n) ^ -(value & 1n);
  }

  /** Reads a `sint32`, which is zigzag-encoded. */
  sint32(): bigint {
    const value = this.uint32();
    return (value >> 1n) ^ -(value & 1n);
  }

  /** Reads a `double`. */
  double(): number {
    return this.#view.getFloat64(this.#skip(8), true);
  }

  /** Reads a `string`. */
  string(): string {
    const { place } = this;
    const length = this.#length();
    const start = this.#skip(length);
    return decodeUtf8(this.#bytes.subarray(start, start + length), "a string", place);
  }

  /** Reads the length of a message and gives a reader of the message. */
  message(): WireReader {
    const length = this.#length();
    const start = this.#skip(length);
    return new WireReader(this.#bytes, start, start + length);
  }

  /** Throws the violation of `rule` at this place. */
  fail(rule: string): never {
    throw new ExpositionError(this.place, rule);
  }

  // The decoders of Prometheus read at most 5 bytes of a length, `binary.MaxVarintLen32`.
  #length(): number {
    return Number(this.varint(5));
  }

  #skip(length: number): number {
    const start = this.#position;
    if (length > this.#end - start) {
      this.fail(`truncated: ${length} bytes wanted, ${this.#end - start} left`);
    }
    this.#position += length;
    return start;
  }
}
