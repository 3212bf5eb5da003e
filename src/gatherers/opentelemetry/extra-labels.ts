import type { Attributes, Scope } from "./collected.ts";
import { labelNameOf } from "./naming/label-name.ts";
import { labelValueOf } from "./naming/label-value.ts";
import { type ExtraLabel, joinedByName } from "./series.ts";

/** The attributes of a scope that must not replace what it says of itself. */
const RESERVED: ReadonlySet<string> = new Set(["name", "version", "schema_url"]);

/**
 * Returns the labels that each series of a scope has (Instrumentation Scope, MUST).
 *
 * What is empty has no label: to every scraper that is the same.
 *
 * @param escapes Whether keys are translated.
 */
export function scopeLabelsOf(
  { name, version = "", schemaUrl = "", attributes = {} }: Scope,
  escapes: boolean,
): readonly ExtraLabel[] {
  const own = { name, version, schema_url: schemaUrl };
  const others = Object.entries(attributes).filter(
    ([key]) => !RESERVED.has(labelNameOf(key, escapes)),
  );
  return labelsOf([...Object.entries(own), ...others], "otel_scope_", escapes);
}

/**
 * Returns the labels for some attributes of a resource.
 *
 * @param escapes Whether keys are translated.
 */
export function resourceLabelsOf(attributes: Attributes, escapes: boolean): readonly ExtraLabel[] {
  return labelsOf(Object.entries(attributes), "", escapes);
}

/** Translates attributes; those of one name are joined. */
function labelsOf(
  attributes: readonly (readonly [key: string, value: unknown])[],
  prefix: string,
  escapes: boolean,
): readonly ExtraLabel[] {
  const labels = attributes.map(([key, value]) => ({
    key: prefix + key,
    name: key === "" ? "" : labelNameOf(prefix + key, escapes),
    text: labelValueOf(value),
  }));
  return Array.from(joinedByName(labels), ([name, text]) => ({ key: name, name, text }));
}
