import type { Labels } from "../../../model/metric-family.ts";
import type { Attributes } from "../collected.ts";
import { type ExtraLabel, joinedByName, SCOPE_PREFIX } from "./extra-labels.ts";
import { labelNameOf } from "./label-name.ts";
import { labelValueOf } from "./label-value.ts";

/** What the labels of a stream depend on, beside the attributes. */
export interface LabelSources {
  /** Whether keys are translated. */
  readonly escapes: boolean;
  /** Whether `le` is a name of the format. */
  readonly isHistogram: boolean;
  /** The labels of the scope. */
  readonly scope: readonly ExtraLabel[];
  /** The attributes of the resource that are labels; those of a point override them. */
  readonly constant: readonly ExtraLabel[];
}

interface KnownKey {
  readonly name: string;
  /** The kinds of its values so far, a bit for each. */
  kinds: number;
}

/**
 * Makes the labels of the series of one stream, and finds out whether two may be equal.
 *
 * The SDK tells attributes apart by JSON. Labels are equal only if one key had two kinds of values (`1` and
 * `"1"`) or an empty one, or if two keys have one label name. Until that is seen nothing needs to be compared.
 */
export class LabelMaker {
  /** Whether two label sets of the stream may be equal; stays `true`. */
  mayRepeat = false;
  /** Whether an attribute was left out because its key is empty. */
  hasEmptyKey = false;
  readonly #sources: LabelSources;
  readonly #keys = new Map<string, KnownKey>();
  readonly #names = new Set<string>();
  /** Whether one name has two sources; then each label set takes more time. */
  #hasShared = false;

  constructor(sources: LabelSources) {
    this.#sources = sources;
    for (const { name } of sources.scope) this.#claim(name);
    for (const { name } of sources.constant) this.#claim(name);
    this.mayRepeat = false;
  }

  /** Makes the labels of a series: those of its attributes, of its scope, and of the resource. */
  labelsOf(attributes: Attributes): Labels {
    const labels: Record<string, string> = {};
    for (const key of Object.keys(attributes)) {
      const known = this.#keys.get(key) ?? this.#learn(key);
      const value = attributes[key];
      const text = labelValueOf(value);
      known.kinds |= kindsOf(value);
      // More than one bit.
      if (text === "" || (known.kinds & (known.kinds - 1)) !== 0) this.mayRepeat = true;
      if (text !== "") labels[known.name] = text;
    }
    if (this.#hasShared) return this.#joined(attributes);
    const { scope, constant } = this.#sources;
    for (const { name, text } of scope) labels[name] = text;
    for (const { name, text } of constant) labels[name] = text;
    return labels;
  }

  #learn(key: string): KnownKey {
    const { escapes, isHistogram } = this.#sources;
    // Prometheus renames a label of its own name so.
    const name = isHistogram && key === "le" ? "exported_le" : labelNameOf(key, escapes);
    const known = { name, kinds: 0 };
    this.#keys.set(key, known);
    if (name === "") this.hasEmptyKey = true;
    // A stream of another scope may have this label of its scope.
    if (name.startsWith(SCOPE_PREFIX)) this.mayRepeat = true;
    this.#claim(name);
    return known;
  }

  #claim(name: string): void {
    const isFree = name !== "" && name !== "__proto__" && !this.#names.has(name);
    this.#names.add(name);
    if (isFree) return;
    this.#hasShared = true;
    this.mayRepeat = true;
  }

  /** Metric Attributes: the values of one name MUST be joined, in the order of their original keys. */
  #joined(attributes: Attributes): Labels {
    const { scope, constant } = this.#sources;
    const own = Object.keys(attributes).map((key) => ({
      key,
      name: this.#keys.get(key)?.name ?? "",
      text: labelValueOf(attributes[key]),
    }));
    const labels = joinedByName([...own, ...scope]);
    for (const { name, text } of constant) if (!labels.has(name)) labels.set(name, text);
    // Unlike an assignment, this takes `__proto__` for a name like any other.
    return Object.fromEntries(labels);
  }
}

/** The kinds of a value, a bit for each. Lists and maps have two: `[NaN]` and `["NaN"]` have the same text. */
function kindsOf(value: unknown): number {
  switch (typeof value) {
    case "string":
      return 1;
    case "number":
      return 2;
    case "boolean":
      return 4;
    default:
      return 24;
  }
}
