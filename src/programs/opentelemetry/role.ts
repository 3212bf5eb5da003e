import { isAbsolute } from "node:path";

/** What decides whether a process may have an exporter to replace. */
export interface Circumstances {
  /** The variables that it started with. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The arguments of Node itself, without those of `NODE_OPTIONS`. */
  readonly execArgv: readonly string[];
}

/**
 * The reason why a process does not load the exporter; `undefined` if it does.
 *
 * With `NODE_OPTIONS`, most processes have nothing to do with OpenTelemetry, and must pay nothing.
 */
export function reasonNotToLoad({ env, execArgv }: Circumstances): string | undefined {
  // A configuration file says itself whether the SDK is disabled.
  if (env["OTEL_CONFIG_FILE"]) return undefined;
  if (env["OTEL_SDK_DISABLED"]?.trim().toLowerCase() === "true") return "OTEL_SDK_DISABLED is true";
  if (listIn(env["OTEL_METRICS_EXPORTER"]).includes("prometheus")) return undefined;
  if (isExplicit({ env, execArgv })) return undefined;
  return "OTEL_METRICS_EXPORTER does not contain prometheus, and OTEL_CONFIG_FILE is not set";
}

/** Whether somebody has asked for just this process: not in `NODE_OPTIONS`, which all below it inherit. */
export function isExplicit({ env, execArgv }: Circumstances): boolean {
  // An application may also import the preload as the first of its modules.
  return execArgv.some(namesEntry) || !namesEntry(env["NODE_OPTIONS"] ?? "");
}

/**
 * The files that are preloaded by their paths: what brings OpenTelemetry to applications that do not have it,
 * such as the operator for Kubernetes, has it in a folder of its own.
 *
 * @returns Paths and `file:` URLs.
 */
export function preloadedFiles({ env, execArgv }: Circumstances): string[] {
  const words = [...execArgv, ...(env["NODE_OPTIONS"] ?? "").split(/\s+/)];
  const values = words.map((word) => word.replace(/^--?[\w-]+=/, "").replace(/^"(.*)"$/, "$1"));
  return values.filter((value) => isAbsolute(value) || value.startsWith("file:"));
}

function namesEntry(text: string): boolean {
  return /\bpromhttp[\\/]opentelemetry[\\/]register\b|\bopentelemetry-register\.js/.test(text);
}

/** The items of a list, as the specification of the SDK writes one. */
function listIn(text = ""): string[] {
  return text.split(",").map((item) => item.trim());
}
