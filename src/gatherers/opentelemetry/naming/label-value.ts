/**
 * Returns the value of the label for the value of an attribute: a string as it is, everything else as
 * OpenTelemetry shows it where there are only strings. Arrays and maps are JSON, bytes are base64.
 *
 * Never throws: a resource may have any value, such as one that refers to itself.
 *
 * @returns `""` for what has no text, which means no label.
 * @see https://opentelemetry.io/docs/specs/otel/common/#anyvalue-representation-for-non-otlp-protocols
 */
export function labelValueOf(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "boolean":
    case "bigint":
      return String(value);
    case "object":
      return value === null ? "" : objectText(value);
    default:
      return "";
  }
}

function objectText(value: object): string {
  try {
    if (isBytes(value)) return base64Of(value);
    return JSON.stringify(value, jsonValue) ?? "";
  } catch {
    return "";
  }
}

/** What JSON has no form for, as a string. `this` has the value before its own `toJSON()`. */
function jsonValue(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const original = this[key];
  if (isBytes(original)) return base64Of(original);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  // A number would lose digits.
  return typeof value === "bigint" ? String(value) : value;
}

function base64Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

/** Whether a value is a `Uint8Array`, of another realm too. */
function isBytes(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === "[object Uint8Array]";
}
