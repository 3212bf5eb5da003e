import { isLegacyLabelName } from "../../../model/names.ts";

/**
 * Returns the name of the label for the key of an attribute.
 *
 * With `escapes`, runs of what a label name must not contain become one `_`, and a key that begins with
 * a digit gets the prefix `key_`, as in Prometheus' own translation of OTLP. Two keys may get one name.
 *
 * @returns `""` for an empty key, which has no label.
 */
export function labelNameOf(key: string, escapes: boolean): string {
  if (!escapes || (isLegacyLabelName(key) && !key.includes("__"))) return key;
  const name = key.replace(/[^a-zA-Z0-9]+/g, "_");
  return /^[0-9]/.test(name) ? `key_${name}` : name;
}
