/** The words for the units of UCUM that the specification lists, and for a few more. */
const WORDS: ReadonlyMap<string, string> = new Map([
  // Time
  ["a", "years"],
  ["mo", "months"],
  ["wk", "weeks"],
  ["d", "days"],
  ["h", "hours"],
  ["min", "minutes"],
  ["s", "seconds"],
  ["ms", "milliseconds"],
  ["us", "microseconds"],
  ["ns", "nanoseconds"],
  // Bytes
  ["By", "bytes"],
  ["KiBy", "kibibytes"],
  ["MiBy", "mebibytes"],
  ["GiBy", "gibibytes"],
  ["TiBy", "tebibytes"],
  ["kBy", "kilobytes"],
  // Not UCUM, but the spelling of older instrumentations.
  ["KBy", "kilobytes"],
  ["MBy", "megabytes"],
  ["GBy", "gigabytes"],
  ["TBy", "terabytes"],
  // SI and others
  ["m", "meters"],
  ["V", "volts"],
  ["A", "amperes"],
  ["J", "joules"],
  ["W", "watts"],
  ["g", "grams"],
  ["Cel", "celsius"],
  ["Hz", "hertz"],
  ["%", "percent"],
  ["1", ""],
]);

/** The words for units that something is counted by. */
const PER_WORDS: ReadonlyMap<string, string> = new Map([
  ["a", "year"],
  ["y", "year"],
  ["mo", "month"],
  ["wk", "week"],
  ["w", "week"],
  ["d", "day"],
  ["h", "hour"],
  ["min", "minute"],
  ["s", "second"],
  ["ms", "millisecond"],
  ["us", "microsecond"],
  ["ns", "nanosecond"],
  ["By", "byte"],
  ["m", "meter"],
]);

/**
 * Returns the word that a metric name ends in for a unit, such as `bytes_per_second` for `By/s`.
 *
 * Annotations such as `{request}` count for nothing. A unit without a word stands for itself, as far as
 * a metric name may contain it.
 *
 * @param isGauge Whether the unit `1` is a ratio: a count of something has it, too. Today's
 * specification is silent, but Prometheus and the Collector name gauges so that come by OTLP.
 * @returns `""` if the unit adds nothing to a name.
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
export function unitWord(unit: string, isGauge: boolean): string {
  if (unit === "1" && isGauge) return "ratio";
  const bare = unit.replace(/\{[^}]*\}/g, "").trim();
  const slash = bare.indexOf("/");
  if (slash === -1) return wordOf(bare, WORDS);
  const word = wordOf(bare.slice(0, slash), WORDS);
  const per = wordOf(bare.slice(slash + 1), PER_WORDS);
  if (per === "") return word;
  return word === "" ? `per_${per}` : `${word}_per_${per}`;
}

function wordOf(part: string, words: ReadonlyMap<string, string>): string {
  const trimmed = part.trim();
  return words.get(trimmed) ?? trimmed.replace(/[^a-zA-Z0-9:]+/g, "_").replace(/^_|_$/g, "");
}
