import { decodeUtf8 } from "./lines.ts";
import { ExpositionError } from "./types.ts";

/** Reads one value of the wire format and keeps it. */
export type FieldReader = (reader: WireReader) => unknown;

/** The fields of a message, by tag: `field number << 3 | wire type`. */
export interface MessageFields {
  /** Fields that may appear once. */
  readonly once: Readonly<Record<number, FieldReader>>;
  /** Fields that may appear any number of times. */
  readonly repeated?: Readonly<Record<number, FieldReader>>;
}

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

  /** Reads a `uint64`; beyond 2^53 the result is the nearest double. */
  uint64(): number {
    return Number(this.varint());
  }

  /** Reads a `uint32`. */
  uint32(): number {
    const value = this.varint();
    return value < 2n ** 32n ? Number(value) : this.fail("more than 32 bits");
  }

  /** Reads an `int64`. */
  int64(): number {
    return Number(BigInt.asIntN(64, this.varint()));
  }

  /** Reads a `sint64`, which is zigzag-encoded. */
  sint64(): number {
    const value = this.varint();
    return Number((value >> 1n) ^ -(value & 1n));
  }

  /** Reads a `sint32`, which is zigzag-encoded. */
  sint32(): number {
    const value = this.uint32();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
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

  /** Reads the fields of a message up to its end. */
  fields(name: string, { once, repeated = {} }: MessageFields): void {
    const seen = new Set<number>();
    while (!this.isAtEnd) {
      const { place } = this;
      const tag = Number(this.varint(5));
      const read = once[tag] ?? repeated[tag];
      if (read === undefined) {
        throw new ExpositionError(
          place,
          `${name} has no field ${Math.floor(tag / 8)} of wire type ${tag % 8}`,
        );
      }
      if (tag in once && seen.has(tag)) {
        throw new ExpositionError(place, `${name} has field ${Math.floor(tag / 8)} twice`);
      }
      seen.add(tag);
      read(this);
    }
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

/**
 * Makes the two tags of a repeated number, packed and not.
 *
 * @param field The field number.
 * @param wireType The wire type of one number: 0 for a varint, 1 for a double.
 */
export function repeatedNumber(
  field: number,
  wireType: 0 | 1,
  values: number[],
  read: (reader: WireReader) => number,
): Record<number, FieldReader> {
  return {
    [field * 8 + wireType]: (reader) => {
      values.push(read(reader));
    },
    [field * 8 + 2]: (reader) => {
      const packed = reader.message();
      while (!packed.isAtEnd) {
        values.push(read(packed));
      }
    },
  };
}
