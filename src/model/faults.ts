/**
 * What is reported of metrics that cannot be served, wherever that is found out.
 *
 * @module
 */

/** What a report says of a metric that is skipped for its value. */
export const NOT_A_NUMBER = "a value is not a number";

/** What a report says of a bucket that is skipped for its count. */
export const NO_BUCKET_COUNT = "the count of a bucket is not a number";

/** What a report says of a metric whose labels cannot be written. */
export const NOT_PRINTABLE = "a label value cannot be converted to a string";

/** What a report says of a metric that would be a second series of the same name and labels. */
export const SAME_LABELS = "two metrics have the same labels; kept the first";

/** What a report says of a metric that does not fit into a message to another process or thread. */
export const LABELS_TOO_LONG =
  "the labels or bounds are too long to be sent to another process or thread";

/** What a report says of a metric of a family in which hardly two have the same label names. */
export const TOO_MANY_SHAPES =
  "too many different label names to be sent to another process or thread";
