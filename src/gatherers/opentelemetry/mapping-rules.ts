import {
  type Check,
  type Checks,
  checkEntries,
  isBoolean,
  isString,
  objectOf,
  oneOf,
  show,
  wrongType,
} from "../../options/checks.ts";
import type { Collecting } from "./collected.ts";
import type { AttributePatterns, MappingOptions } from "./mapping-options.ts";
import { STRATEGIES, type Translation, translationOf } from "./naming/metric-name.ts";

/** What the options of the mapping say, checked. */
export interface Mapping {
  /** How names are translated. */
  readonly translation: Translation;
  /** Whether only what was created as a synchronous counter is named as one: not an option. */
  readonly namesByInstrument: boolean;
  /** Whether series have the labels of their scope. */
  readonly hasScopeInfo: boolean;
  /** Whether there is a family `target_info`. */
  readonly hasTargetInfo: boolean;
  /** Whether an attribute of the resource is a label of each series; absent where none is. */
  readonly isConstantLabel: ((key: string) => boolean) | undefined;
  /** Whether exponential histograms have classic buckets, too. */
  readonly hasClassicBuckets: boolean;
  /** What is collected beside the reader. */
  readonly producers: readonly Collecting[];
}

const isPatternList: Check = (name, value) => {
  const isList = Array.isArray(value) && value.length > 0 && value.every(isText);
  if (!isList) throw wrongType(name, "an array of one or more strings", value);
};

const isAttributeFilter: Check = (name, value) => {
  if (typeof value === "function" || isRegExp(value)) return;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrongType(name, "{ included, excluded }, a RegExp or a function", value);
  }
  objectOf({ included: isPatternList, excluded: isPatternList })(name, value);
};

const areProducers: Check = (name, value) => {
  if (Array.isArray(value) && value.every(isCollecting)) return;
  throw wrongType(name, "an array of objects with collect()", value);
};

const MAPPING_CHECKS = {
  prefix: isString,
  translationStrategy: oneOf(Object.keys(STRATEGIES)),
  unitSuffixes: isBoolean,
  scopeInfoEnabled: isBoolean,
  targetInfoEnabled: isBoolean,
  resourceConstantLabels: isAttributeFilter,
  exponentialHistograms: oneOf(["both", "native"]),
  metricProducers: areProducers,
} satisfies Record<keyof MappingOptions, Check>;

/**
 * Checks the options of the mapping and fills in the defaults.
 *
 * @param more The checks of further options, which the caller reads itself.
 * @throws {TypeError} For an option of a wrong type, and for one that does not exist.
 * @throws {RangeError} For an option that is out of range.
 */
export function resolveMapping(options: MappingOptions = {}, more: Checks = {}): Mapping {
  const given: unknown = options;
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`Options must be an object, got ${show(given)}`);
  }
  checkEntries(given, { ...MAPPING_CHECKS, ...more });
  const {
    prefix = "",
    translationStrategy = "UnderscoreEscapingWithSuffixes",
    unitSuffixes = true,
    scopeInfoEnabled = true,
    targetInfoEnabled = true,
    resourceConstantLabels,
    exponentialHistograms = "both",
    metricProducers = [],
  } = options;
  return {
    translation: translationOf(translationStrategy, unitSuffixes, prefix),
    namesByInstrument: false,
    hasScopeInfo: scopeInfoEnabled,
    hasTargetInfo: targetInfoEnabled,
    isConstantLabel: resourceConstantLabels && keyFilter(resourceConstantLabels),
    hasClassicBuckets: exponentialHistograms === "both",
    producers: [...metricProducers],
  };
}

/** Whether a value has the method of a reader or a producer. */
export function isCollecting(value: unknown): value is Collecting {
  return typeof (value as Partial<Collecting> | null | undefined)?.collect === "function";
}

function keyFilter(
  filter: NonNullable<MappingOptions["resourceConstantLabels"]>,
): (key: string) => boolean {
  if (typeof filter === "function") return filter;
  if (!isRegExp(filter)) return patternFilter(filter);
  // With the flag `g` or `y`, an expression begins where its last match ended.
  const expression = new RegExp(filter.source, filter.flags.replace(/[gy]/g, ""));
  return (key) => expression.test(key);
}

function patternFilter({ included, excluded }: AttributePatterns): (key: string) => boolean {
  const isIncluded = included && patternMatcher(included);
  const isExcluded = excluded && patternMatcher(excluded);
  return (key) => (isIncluded?.(key) ?? true) && !isExcluded?.(key);
}

/** Exporter specification, Resource Attributes: the syntax is that of declarative configuration. */
function patternMatcher(patterns: readonly string[]): (key: string) => boolean {
  const sources = patterns.map((pattern) =>
    pattern
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", "."),
  );
  const expression = new RegExp(`^(?:${sources.join("|")})$`, "su");
  return (key) => expression.test(key);
}

/** Not by `instanceof`: a test of Jest has classes of its own. */
function isRegExp(value: unknown): value is RegExp {
  return Object.prototype.toString.call(value) === "[object RegExp]";
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
