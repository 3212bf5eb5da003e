/** A decoded message: its fields by name; a repeated one as an array, a number of 64 bits exact. */
export interface Message {
  readonly name?: string;
  readonly type?: bigint;
  readonly unit?: string;
  readonly metric?: readonly Message[];
  readonly label?: readonly Message[];
  readonly histogram?: Message;
  readonly positive_span?: readonly Message[];
  readonly [field: string]: Value | readonly Value[] | undefined;
}

/** The value of a field. */
export type Value = number | bigint | string | Message;

type Kind = "uint" | "int" | "sint" | "double" | "string" | keyof typeof MESSAGES;

/** From `metrics.proto` of client_model, written down apart from the encoder; `*` is repeated. */
const MESSAGES = {
  MetricFamily: "1 name string, 2 help string, 3 type uint, 4 metric* Metric, 5 unit string",
  Metric:
    "1 label* LabelPair, 2 gauge Gauge, 3 counter Counter, 4 summary Summary, 5 untyped Untyped, 6 timestamp_ms int, 7 histogram Histogram",
  LabelPair: "1 name string, 2 value string",
  Gauge: "1 value double",
  Untyped: "1 value double",
  Counter: "1 value double, 2 exemplar Exemplar, 3 created_timestamp Timestamp",
  Summary:
    "1 sample_count uint, 2 sample_sum double, 3 quantile* Quantile, 4 created_timestamp Timestamp",
  Quantile: "1 quantile double, 2 value double",
  Histogram:
    "1 sample_count uint, 2 sample_sum double, 3 bucket* Bucket, 4 sample_count_float double, 5 schema sint, 6 zero_threshold double, 7 zero_count uint, 8 zero_count_float double, 9 negative_span* BucketSpan, 10 negative_delta* sint, 11 negative_count* double, 12 positive_span* BucketSpan, 13 positive_delta* sint, 14 positive_count* double, 15 created_timestamp Timestamp, 16 exemplars* Exemplar",
  Bucket:
    "1 cumulative_count uint, 2 upper_bound double, 3 exemplar Exemplar, 4 cumulative_count_float double",
  BucketSpan: "1 offset sint, 2 length uint",
  Exemplar: "1 label* LabelPair, 2 value double, 3 timestamp Timestamp",
  Timestamp: "1 seconds int, 2 nanos int",
};

/** Decodes a delimited stream of `MetricFamily`; throws on anything that is not well-formed. */
export function decodeFamilies(bytes: Uint8Array): Message[] {
  const families: Message[] = [];
  const reader = new Reader(bytes);
  while (!reader.isAtEnd) families.push(decodeMessage(reader.block(), "MetricFamily"));
  return families;
}

function decodeMessage(bytes: Uint8Array, type: keyof typeof MESSAGES): Message {
  const fields = new Map(
    MESSAGES[type].split(", ").map((line) => {
      const [number, name = "", kind = ""] = line.split(" ");
      return [Number(number), { name, kind: kind as Kind }]; // The table above holds kinds only.
    }),
  );
  const message: Record<string, Value | Value[]> = {};
  const reader = new Reader(bytes);
  while (!reader.isAtEnd) {
    const tag = Number(reader.varint());
    const field = fields.get(tag >> 3);
    if (field === undefined) throw new Error(`${type} has no field ${tag >> 3}`);
    const { name, kind } = field;
    if (!name.endsWith("*")) {
      if (name in message) throw new Error(`${type}.${name} stands twice`);
      message[name] = decodeValue(reader, kind, tag & 7);
      continue;
    }
    const key = name.slice(0, -1);
    const list = Array.isArray(message[key]) ? message[key] : [];
    message[key] = list;
    if (kind !== "sint" && kind !== "double") list.push(decodeValue(reader, kind, tag & 7));
    else list.push(...decodePacked(reader, kind, tag & 7));
  }
  // The table says which type each field has.
  return message as Message;
}

function decodePacked(reader: Reader, kind: "sint" | "double", wireType: number): Value[] {
  if (wireType !== 2) throw new Error("a repeated number is not packed");
  const values: Value[] = [];
  const packed = new Reader(reader.block());
  while (!packed.isAtEnd) values.push(decodeValue(packed, kind, kind === "sint" ? 0 : 1));
  return values;
}

function decodeValue(reader: Reader, kind: Kind, wireType: number): Value {
  const expected = ["uint", "int", "sint"].includes(kind) ? 0 : kind === "double" ? 1 : 2;
  if (wireType !== expected) throw new Error(`wire type ${wireType} for ${kind}`);
  switch (kind) {
    case "uint":
      return reader.varint();
    case "int":
      return BigInt.asIntN(64, reader.varint());
    case "sint": {
      const zigzag = reader.varint();
      return (zigzag >> 1n) ^ -(zigzag & 1n);
    }
    case "double":
      return reader.double();
    case "string":
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(reader.block());
    default:
      return decodeMessage(reader.block(), kind);
  }
}

class Reader {
  #at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte = 0] = this.#take(1);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte > 0x7f) continue;
      if (byte === 0 && shift > 0n) throw new Error("a varint is not minimal");
      return value;
    }
    throw new Error("a varint is too long");
  }

  double(): number {
    return Buffer.from(this.#take(8)).readDoubleLE();
  }

  block(): Uint8Array {
    return this.#take(Number(this.varint()));
  }

  #take(size: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#at, this.#at + size);
    if (taken.length < size) throw new Error("the bytes end too early");
    this.#at += size;
    return taken;
  }
}
