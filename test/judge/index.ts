/** A strict reading of every exposition format, to judge what the encoders write. */
export { type OpenMetricsOptions, parseOpenMetrics } from "./openmetrics.ts";
export { type ExpositionOptions, normalizeBounds, parseExposition } from "./parse-exposition.ts";
export { type ProtobufOptions, parseProtobuf } from "./protobuf.ts";
export { protoToSamples } from "./protobuf-samples.ts";
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
} from "./protobuf-types.ts";
export { parseText, type TextOptions } from "./text.ts";
export {
  ExpositionError,
  type ParsedExemplar,
  type ParsedFamily,
  type ParsedSample,
  sampleKey,
} from "./types.ts";
