// Strict parsers of every exposition format, which judge what the encoders write. They implement the
// formats anew, and share no code with `src/`. Each throws the first fault that it finds, with its
// place and the rule. Each format has a folder with its parser, tests and bad inputs;
// `parseExposition()` picks the format by the content type, as a scraper does.
export { canonicalNumber } from "./number.ts";
export { type OpenMetricsOptions, parseOpenMetrics } from "./openmetrics/openmetrics.ts";
export { type ExpositionOptions, normalizeBounds, parseExposition } from "./parse-exposition.ts";
export type { Message } from "./protobuf/messages.ts";
export { decodeFamilies, type ProtobufOptions, parseProtobuf } from "./protobuf/protobuf.ts";
export { protoToSamples } from "./protobuf/samples.ts";
export type {
  ProtoBucket,
  ProtoCounter,
  ProtoExemplar,
  ProtoFamily,
  ProtoHistogram,
  ProtoMetric,
  ProtoSpan,
  ProtoSummary,
  ProtoType,
  ProtoValue,
} from "./protobuf/types.ts";
export { parseText, type TextOptions } from "./text/text.ts";
export {
  ExpositionError,
  type ParsedExemplar,
  type ParsedFamily,
  type ParsedSample,
  sampleKey,
} from "./types.ts";
