import { haveSameElements } from "../../model/identity.ts";
import type { ValueFamily } from "../../model/metric-family.ts";
import type { Attributes } from "./collected.ts";
import type { Mapping } from "./mapping-rules.ts";
import { type ExtraLabel, resourceLabelsOf } from "./naming/extra-labels.ts";

/** The name of the family that tells what the metrics are of. It never has a prefix. */
export const TARGET_INFO = "target_info";

/** What is served of a resource: its own family, and labels of all series. */
export class ResourceLabels {
  /** The labels of all series; the same list until one changes. */
  constant: readonly ExtraLabel[] = [];
  /** The family `target_info`; absent if an option omits it, or if it would have no labels. */
  target: ValueFamily | undefined;
  readonly #mapping: Mapping;
  #attributes: Attributes | undefined;

  constructor(mapping: Mapping) {
    this.#mapping = mapping;
  }

  /** Reads the attributes of a resource, if they are not those that it has read last. */
  update(attributes: Attributes): void {
    if (attributes === this.#attributes) return;
    this.#attributes = attributes;
    const { translation, hasTargetInfo, isConstantLabel } = this.#mapping;
    if (hasTargetInfo) this.target = targetOf(resourceLabelsOf(attributes, translation.escapes));
    if (isConstantLabel === undefined) return;
    const selected = Object.entries(attributes).filter(([key]) => isConstantLabel(key));
    const constant = resourceLabelsOf(Object.fromEntries(selected), translation.escapes);
    if (!areEqual(constant, this.constant)) this.constant = constant;
  }
}

/** Makes the family; `undefined` for an empty resource (Resource Attributes, SHOULD). */
function targetOf(labels: readonly ExtraLabel[]): ValueFamily | undefined {
  if (labels.length === 0) return undefined;
  const metric = {
    labels: Object.fromEntries(labels.map(({ name, text }) => [name, text])),
    value: 1,
    identity: labels,
  };
  return {
    name: TARGET_INFO,
    help: "Target metadata",
    type: "info",
    hasUniqueLabels: true,
    metrics: [metric],
  };
}

function areEqual(a: readonly ExtraLabel[], b: readonly ExtraLabel[]): boolean {
  const texts = (labels: typeof a) => labels.flatMap(({ name, text }) => [name, text]);
  return haveSameElements(texts(a), texts(b));
}
