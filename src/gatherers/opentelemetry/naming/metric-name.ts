/**
 * How the names of OpenTelemetry become those of Prometheus: instruments here, their units in
 * unit-word.ts, attributes in label-name.ts and label-value.ts.
 *
 * A name is translated once, when a stream or a label set is new. What a scraper cannot read of it the
 * encoder escapes, as it does with every name. Nothing here throws, whatever an application has named.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
import type { TranslationStrategy } from "../mapping-options.ts";
import { unitWord } from "./unit-word.ts";

/** What of an instrument decides about the suffixes of its name. A counter is a sum that only grows. */
export type InstrumentKind = "counter" | "gauge" | "other";

/** How names are translated. */
export interface Translation {
  /** What the names of metrics begin with, without the `_` that follows; `""` for nothing. */
  readonly prefix: string;
  /** Whether names consist of ASCII letters, digits, `_` and, in those of metrics, `:`. */
  readonly escapes: boolean;
  /** Whether the names of counters end in `_total`. */
  readonly hasSuffixes: boolean;
  /** Whether names end in their unit, before `_total`. */
  readonly hasUnits: boolean;
}

/** The name of a metric family. */
export interface TranslatedName {
  readonly name: string;
  /** The unit that the name has as a suffix; `""` for none. */
  readonly unit: string;
}

/** What each strategy does. */
export const STRATEGIES: Readonly<
  Record<TranslationStrategy, Pick<Translation, "escapes" | "hasSuffixes">>
> = {
  UnderscoreEscapingWithSuffixes: { escapes: true, hasSuffixes: true },
  UnderscoreEscapingWithoutSuffixes: { escapes: true, hasSuffixes: false },
  NoUTF8EscapingWithSuffixes: { escapes: false, hasSuffixes: true },
  NoTranslation: { escapes: false, hasSuffixes: false },
};

/**
 * Returns what a strategy does.
 *
 * @param unitSuffixes Whether a strategy with suffixes appends units.
 */
export function translationOf(
  strategy: TranslationStrategy,
  unitSuffixes: boolean,
  prefix: string,
): Translation {
  const { escapes, hasSuffixes } = STRATEGIES[strategy];
  return { prefix, escapes, hasSuffixes, hasUnits: hasSuffixes && unitSuffixes };
}

/**
 * Translates the name of an instrument.
 *
 * @returns `undefined` if nothing is left of it.
 */
export function translateName(
  name: string,
  unit: string,
  kind: InstrumentKind,
  translation: Translation,
): TranslatedName | undefined {
  const { prefix, escapes, hasSuffixes, hasUnits } = translation;
  const isCounter = kind === "counter";
  if (escapes && hasSuffixes && !hasUnits) {
    const exported = exporterName(name, isCounter, prefix);
    return exported === undefined ? undefined : { name: exported, unit: "" };
  }
  const full = prefix === "" ? name : `${prefix}_${name}`;
  const base = escapes ? withLegalStart(withUnderscores(full)) : full;
  // A name that is `_` is legal; one of which only that is left says nothing.
  if (base === "" || (base === "_" && /[^_]/.test(full))) return undefined;
  if (!hasSuffixes) return { name: base, unit: "" };
  const word = hasUnits ? unitWord(unit, kind === "gauge") : "";
  const suffixed = withSuffixes(base, word, isCounter);
  return escapes ? { ...suffixed, name: withUnderscores(suffixed.name) } : suffixed;
}

function withSuffixes(base: string, word: string, isCounter: boolean): TranslatedName {
  // `_total` comes last, after the unit, and only once.
  let name = isCounter ? base.replace(/[_.\-/]total$/, "") : base;
  const spelled = withUnderscores(name);
  if (word !== "" && spelled !== word && !spelled.endsWith(`_${word}`)) name += `_${word}`;
  // OpenMetrics 1.0, MetricFamily: a unit must be a suffix, so it cannot be the whole name.
  const unit = withUnderscores(name).endsWith(`_${word}`) ? word : "";
  return { name: isCounter ? `${name}_total` : name, unit };
}

/** Replaces what a metric name must not contain, and runs of it, by one `_`. */
function withUnderscores(name: string): string {
  return name.replace(/[^a-zA-Z0-9:]+/g, "_");
}

/** Adds what a name needs that begins with a digit. */
function withLegalStart(name: string): string {
  return /^[0-9]/.test(name) ? `_${name}` : name;
}

/**
 * Translates the name of an instrument as `@opentelemetry/exporter-prometheus` does, so that an
 * application can change over to this package without changing its dashboards.
 *
 * The exporter omits units, and does not collapse the `__` that a suffix makes. It replaces a `:`,
 * and writes a line break as `_n`. It copies a prefix as it is: an illegal one is made legal here.
 *
 * @returns `undefined` if nothing is left of the name.
 */
function exporterName(name: string, isCounter: boolean, prefix: string): string | undefined {
  const base = name.replaceAll("\n", "_n").replace(/[^a-zA-Z0-9]+/g, "_");
  const full = prefix === "" ? base : `${prefix.replace(/[^a-zA-Z0-9_:]/g, "_")}_${base}`;
  if (full === "" || full === "_") return undefined;
  const legal = /^[0-9]/.test(full) ? `_${full}` : full;
  return isCounter && !legal.endsWith("_total") ? `${legal}_total` : legal;
}
