import type { Attributes, Scope } from "../collected.ts";
import { labelNameOf } from "./label-name.ts";
import { labelValueOf } from "./label-value.ts";

/** A label that does not come from the attributes of a point. */
export interface ExtraLabel {
  /** What it is sorted by among those that share its name. */
  readonly key: string;
  readonly name: string;
  readonly text: string;
}

/** What the names of the labels of a scope begin with. */
export const SCOPE_PREFIX = "otel_scope_";

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
  { name, version = "", schemaUrl = "", attributes }: Scope,
  escapes: boolean,
): readonly ExtraLabel[] {
  const own = { name, version, schema_url: schemaUrl };
  const others = Object.entries(attributes ?? {}).filter(
    ([key]) => !RESERVED.has(labelNameOf(key, escapes)),
  );
  return labelsOf([...Object.entries(own), ...others], SCOPE_PREFIX, escapes);
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

/** Joins the values of each name with `;`, in the order of the keys. */
export function joinedByName(labels: readonly ExtraLabel[]): Map<string, string> {
  const byName = new Map<string, ExtraLabel[]>();
  for (const label of labels) {
    if (label.name === "" || label.text === "") continue;
    const others = byName.get(label.name);
    if (others === undefined) byName.set(label.name, [label]);
    else others.push(label);
  }
  return new Map(
    Array.from(byName, ([name, group]) => {
      const sorted = group.toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
      return [name, sorted.map(({ text }) => text).join(";")];
    }),
  );
}
