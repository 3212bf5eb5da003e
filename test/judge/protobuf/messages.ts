import { ExpositionError } from "../types.ts";
import type { WireReader } from "./wire.ts";

/** A decoded message: its fields by name; a repeated one is an array, a whole number is exact. */
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

/** From `metrics.proto` of client_model; `*` is repeated. */
const MESSAGES = {
  MetricFamily: "1 name string, 2 help string, 3 type uint64, 4 metric* Metric, 5 unit string",
  Metric:
    "1 label* LabelPair, 2 gauge Gauge, 3 counter Counter, 4 summary Summary, 5 untyped Untyped, 6 timestamp_ms int64, 7 histogram Histogram",
  LabelPair: "1 name string, 2 value string",
  Gauge: "1 value double",
  Untyped: "1 value double",
  Counter: "1 value double, 2 exemplar Exemplar, 3 created_timestamp Timestamp",
  Summary:
    "1 sample_count uint64, 2 sample_sum double, 3 quantile* Quantile, 4 created_timestamp Timestamp",
  Quantile: "1 quantile double, 2 value double",
  Histogram:
    "1 sample_count uint64, 2 sample_sum double, 3 bucket* Bucket, 4 sample_count_float double, 5 schema sint32, 6 zero_threshold double, 7 zero_count uint64, 8 zero_count_float double, 9 negative_span* BucketSpan, 10 negative_delta* sint64, 11 negative_count* double, 12 positive_span* BucketSpan, 13 positive_delta* sint64, 14 positive_count* double, 15 created_timestamp Timestamp, 16 exemplars* Exemplar",
  Bucket:
    "1 cumulative_count uint64, 2 upper_bound double, 3 exemplar Exemplar, 4 cumulative_count_float double",
  BucketSpan: "1 offset sint32, 2 length uint32",
  Exemplar: "1 label* LabelPair, 2 value double, 3 timestamp Timestamp",
  Timestamp: "1 seconds int64, 2 nanos int64",
};

type MessageName = keyof typeof MESSAGES;
type Kind = "uint64" | "uint32" | "int64" | "sint64" | "sint32" | "double" | "string" | MessageName;

interface Field {
  readonly name: string;
  readonly kind: Kind;
  readonly isRepeated: boolean;
}

/** The fields of each message by their tags, `field number << 3 | wire type`. */
const FIELDS = new Map(
  Object.entries(MESSAGES).map(([message, text]) => [message, fieldsOf(text)] as const),
);

function fieldsOf(text: string): ReadonlyMap<number, Field> {
  const fields = new Map<number, Field>();
  for (const line of text.split(", ")) {
    const [number, name = "", word] = line.split(" ");
    const kind = word as Kind; // The tables hold nothing else.
    const isRepeated = name.endsWith("*");
    const field = { name: name.replace("*", ""), kind, isRepeated };
    const wireType = wireTypeOf(kind);
    fields.set(Number(number) * 8 + wireType, field);
    if (isRepeated) fields.set(Number(number) * 8 + 2, field);
  }
  return fields;
}

function wireTypeOf(kind: Kind): 0 | 1 | 2 {
  if (kind === "double") return 1;
  return /^(u|s)?int/.test(kind) ? 0 : 2;
}

/** Where each decoded message ends, for those who find a fault in it later. */
const ends = new WeakMap<Message, string>();

/** How strictly a message is decoded. */
export interface MessageOptions {
  /**
   * Rejects repeated numbers that are not packed, as what is written with `metrics.proto` may be.
   * @default false
   */
  readonly mustPack?: boolean;
}

/**
 * Decodes a message up to the end of `reader`. It rejects what protobuf forbids, and unknown fields,
 * singular fields that repeat, and varints longer than need be.
 */
export function decodeMessage(
  reader: WireReader,
  type: MessageName,
  options: MessageOptions = {},
): Message {
  const message: Record<string, Value | Value[]> = {};
  while (!reader.isAtEnd) {
    const { place } = reader;
    const tag = Number(reader.varint(5));
    const number = Math.floor(tag / 8);
    const field = FIELDS.get(type)?.get(tag);
    if (field === undefined) {
      throw new ExpositionError(place, `${type} has no field ${number} of wire type ${tag % 8}`);
    }
    const { name, kind, isRepeated } = field;
    if (!isRepeated) {
      if (name in message) throw new ExpositionError(place, `${type} has field ${number} twice`);
      message[name] = decodeValue(reader, kind, options);
      continue;
    }
    const list = Array.isArray(message[name]) ? message[name] : [];
    message[name] = list;
    const isPacked = tag % 8 !== wireTypeOf(kind);
    if (options.mustPack && !isPacked && wireTypeOf(kind) !== 2) {
      throw new ExpositionError(place, `${type} has field ${number} unpacked`);
    }
    if (isPacked) list.push(...decodePacked(reader.message(), kind));
    else list.push(decodeValue(reader, kind, options));
  }
  // The tables say which type each field has.
  const decoded = message as Message;
  ends.set(decoded, reader.place);
  return decoded;
}

/** Throws the violation of `rule` at the end of a message. */
export function failIn(message: Message, rule: string): never {
  throw new ExpositionError(ends.get(message) ?? "", rule);
}

function decodePacked(packed: WireReader, kind: Kind): Value[] {
  const values: Value[] = [];
  while (!packed.isAtEnd) values.push(decodeValue(packed, kind, {}));
  return values;
}

function decodeValue(reader: WireReader, kind: Kind, options: MessageOptions): Value {
  switch (kind) {
    case "uint64":
      return reader.varint();
    case "uint32":
    case "int64":
    case "sint64":
    case "sint32":
    case "double":
    case "string":
      return reader[kind]();
    default:
      return decodeMessage(reader.message(), kind, options);
  }
}
