import type {
  MappingOptions,
  TranslationStrategy,
} from "../../gatherers/opentelemetry/mapping-options.ts";

/** What an exporter would serve, and where. */
export interface OriginalSettings {
  /** `undefined` means every interface. */
  readonly host: string | undefined;
  /** `NaN` where it is not a number. */
  readonly port: number;
  readonly path: string;
  readonly mapping: MappingOptions;
  /** Whether an observable counter has no `_total`. */
  readonly namesByInstrument: boolean;
}

/**
 * Reads what an exporter was configured with. Its fields are private: where one is missing, the default of
 * the specification takes its place.
 *
 * @param strategy How names are translated; `undefined` keeps those of the exporter.
 */
export function originalSettingsOf(
  exporter: object,
  strategy: TranslationStrategy | undefined,
): OriginalSettings {
  const fields = exporter as Readonly<Record<string, unknown>>;
  const hasOption = optionsOf(exporter);
  const { _host: host, _port: port = 9464, _endpoint: path, _serializer: serializer } = fields;
  return {
    host: "_host" in fields ? textIn(host) : "localhost",
    // Applications in JavaScript pass the text of a variable.
    port: Number(port),
    path: textIn(path) ?? "/metrics",
    mapping: {
      ...mappingOf(Object(serializer)),
      // Up to 0.208 the exporter has no labels for the scope.
      ...(hasOption("withoutScopeInfo") ? {} : { scopeInfoEnabled: false }),
      ...(strategy === undefined ? { unitSuffixes: false } : { translationStrategy: strategy }),
    },
    // Up to 0.57 it writes `_total` only for counters that are not observable.
    namesByInstrument: strategy === undefined && !hasOption("withResourceConstantLabels"),
  };
}

function mappingOf(serializer: Readonly<Record<string, unknown>>): MappingOptions {
  const { _prefix: prefix, _withResourceConstantLabels: labels } = serializer;
  return {
    // It ends in the `_` that follows it.
    prefix: textIn(prefix)?.replace(/_$/, ""),
    scopeInfoEnabled: serializer["_withoutScopeInfo"] !== true,
    targetInfoEnabled: serializer["_withoutTargetInfo"] !== true,
    resourceConstantLabels: labels instanceof RegExp ? labels : undefined,
  };
}

/**
 * What tells how old an exporter is: whether its class has a default for an option. One without defaults is
 * newer than all that are known, so it has every option.
 */
function optionsOf(exporter: object): (name: string) => boolean {
  // Cast: the class is another one in each copy.
  const { DEFAULT_OPTIONS } = exporter.constructor as { DEFAULT_OPTIONS?: object };
  return (name) => DEFAULT_OPTIONS === undefined || name in DEFAULT_OPTIONS;
}

function textIn(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

const STRATEGIES: readonly TranslationStrategy[] = [
  "UnderscoreEscapingWithSuffixes",
  "UnderscoreEscapingWithoutSuffixes",
  "NoUTF8EscapingWithSuffixes",
  "NoTranslation",
];

/**
 * Reads how names are to be translated; an empty variable counts as unset.
 *
 * @throws {RangeError} For an invalid value.
 */
export function strategyIn(
  env: Readonly<Record<string, string | undefined>>,
): TranslationStrategy | undefined {
  const { PROMHTTP_OTEL_TRANSLATION_STRATEGY: text } = env;
  if (!text) return undefined;
  const strategy = STRATEGIES.find((name) => name === text);
  if (strategy !== undefined) return strategy;
  throw new RangeError(
    `Environment variable PROMHTTP_OTEL_TRANSLATION_STRATEGY must be ${STRATEGIES.slice(0, -1).join(", ")} ` +
      `or ${STRATEGIES.at(-1)}, got "${text}"`,
  );
}

/**
 * Whether the environment says who may connect and ask. Then nothing may be served without that, not even by
 * the exporter itself.
 */
export function isGuarded(env: Readonly<Record<string, string | undefined>>): boolean {
  const { PROMHTTP_WEB_CONFIG_FILE, PROMHTTP_BEARER_TOKEN_FILE, PROMHTTP_ALLOWED_NETWORKS } = env;
  return Boolean(
    PROMHTTP_WEB_CONFIG_FILE || PROMHTTP_BEARER_TOKEN_FILE || PROMHTTP_ALLOWED_NETWORKS,
  );
}
