import type { LookupAddress, LookupOptions } from "node:dns";
import type { Registry } from "./gatherer.ts";
import type { MetricFamily } from "./metric-family.ts";

/**
 * Asks a target on behalf of a scrape, as in `/probe?target=db1.example.com:5432&module=tcp`: one exporter for
 * many targets, as Prometheus recommends for what cannot serve metrics itself.
 *
 * Every answer has `probe_success`, `probe_duration_seconds` and `probe_timeout_seconds`, unless the probe
 * returns families of these names. One that fails or is late is answered with `probe_success 0`, and logged.
 *
 * @example
 * ```ts
 * const shelly: Probe = {
 *   allow: "*.lan",
 *   modules: ["gen1", "gen2"],
 *   async probe({ target, module, signal, lookup }) {
 *     const { power } = await readStatus(target, module, { signal, lookup });
 *     return [{ name: "shelly_power_watts", help: "Power.", type: "gauge",
 *               metrics: [{ labels: {}, value: power }] }];
 *   },
 * };
 * await Server.run(register, ":9464", shutdown.signal, { paths: { "/probe": shelly } });
 * ```
 *
 * @see https://prometheus.io/docs/guides/multi-target-exporter/
 */
export interface Probe {
  /**
   * Asks one target. Called once for all equal requests that wait at the same time.
   *
   * @returns Families, or a registry that was made for this run: one that another run has returned would mix
   *   targets, so it makes the probe fail. A family `probe_success` with the value 0 says that the target has
   *   failed, beside what was found of it.
   * @throws What made the probe fail. It is logged, and never part of the answer.
   */
  probe(context: ProbeContext): ProbeResult | PromiseLike<ProbeResult>;
  /**
   * The targets that may be asked; a request for another one gets 403. Whoever reaches the port makes this
   * process connect to them, with its rights, so there is no default.
   */
  readonly allow: TargetRule | readonly TargetRule[];
  /**
   * The values that the parameter `module` may have. The first one is the default; another one gets 400.
   * @default undefined: there are no modules
   */
  readonly modules?: readonly string[] | undefined;
  /**
   * The further parameters that it reads, as `context.params`, each given at most once. One that is given
   * without a value counts as absent.
   * @default undefined: none
   */
  readonly params?: readonly string[] | undefined;
  /**
   * How many runs may ask the same host and port at once. The next one waits, within its deadline.
   * @default 1
   */
  readonly maxPerTarget?: number | undefined;
  /**
   * How many requests may be in flight at once, those that wait included. The next one gets 503.
   * @default 256
   */
  readonly maxInFlight?: number | undefined;
  /**
   * The longest that a run may take, in milliseconds: for every module, or by the name of the module. A run
   * never takes longer than its scraper waits, nor than the server's `timeoutMs`.
   * @default undefined: no shorter time
   */
  readonly timeoutMs?: number | Readonly<Record<string, number>> | undefined;
  /**
   * What a probe that fails or is late is answered with: `"report"` is 200 and `probe_success 0`, `"error"`
   * is 500, as snmp_exporter answers, so that Prometheus writes `up 0`.
   * @default "report"
   */
  readonly onFailure?: "report" | "error" | undefined;
}

/**
 * Says which targets may be asked:
 *
 * - a host, such as `"db1.example.com"` or `"10.0.0.7"`, or a domain, such as `"*.example.com"`
 * - a network, such as `"10.0.0.0/8"`
 * - a function
 * - `"any"`
 *
 * One rule that says yes is enough. The addresses of this machine (`127.0.0.0/8`, `::1`, `0.0.0.0/8`, `::`),
 * link-local ones, and those of metadata services in clouds, such as `169.254.169.254`, are allowed only if a
 * rule is such an address, or a network that has no others. For the target `localhost`, `"localhost"` is enough.
 * What a function throws, or returns that is not a boolean, is answered with 500.
 */
export type TargetRule = string | ((target: ProbeTarget) => boolean);

/** A target, as `target` of the query names it: a host, a host and a port, or a URL. It was never resolved. */
export interface ProbeTarget {
  /** The whole target, with the host in lower case. */
  readonly text: string;
  /** A name or an address, in lower case; an IPv6 address without brackets, as `net` and `http` take it. */
  readonly host: string;
  /** The port; `undefined` where the target has none. */
  readonly port: number | undefined;
  /** The scheme of a URL, in lower case and without its colon; `undefined` for another target. */
  readonly scheme: string | undefined;
  /** The host and the port as in a URL: an IPv6 address has brackets. */
  readonly authority: string;
}

/** What a probe is told about its run. */
export interface ProbeContext {
  /** What is to be asked. */
  readonly target: ProbeTarget;
  /** One of `Probe.modules`; `""` where there are none. */
  readonly module: string;
  /** The values of the parameters that `Probe.params` declares. */
  readonly params: Readonly<Record<string, string | undefined>>;
  /** Aborts at the deadline, when no client waits any longer, when the probe has failed, and at shutdown. */
  readonly signal: AbortSignal;
  /** When the signal aborts at the latest, in milliseconds since the epoch. */
  readonly deadlineMs: number;
  /**
   * Resolves a host for `net`, `tls`, `http` and `https`, which take it as the option `lookup`. It returns only
   * addresses that may be asked, since a name can resolve to one that may not; if there is no other, it fails with
   * the code `ERR_PROMHTTP_TARGET`. Another host than the target's has to be allowed, too. Node never calls it for
   * an address, as in a redirect to one. The global `fetch` takes no such option.
   */
  readonly lookup: LookupFunction;
}

/** What a probe found: families, or a registry that was made for this run. */
export type ProbeResult = readonly MetricFamily[] | Registry;

/** As `net.LookupFunction`. */
export type LookupFunction = (
  hostname: string,
  options: LookupOptions,
  callback: (
    error: NodeJS.ErrnoException | null,
    address: string | LookupAddress[],
    family?: number,
  ) => void,
) => void;

/**
 * Tells a probe from what can be gathered.
 *
 * @internal
 */
export function isProbe(value: unknown): value is Probe {
  return typeof (value as Partial<Probe> | null | undefined)?.probe === "function";
}

/**
 * What is wrong with a probe without a rule: nobody may open a relay by accident.
 *
 * @internal
 */
export const NO_ALLOW = 'must say which targets may be asked, such as "*.lan"';
