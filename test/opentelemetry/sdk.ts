import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type * as Api from "@opentelemetry/api";
import type * as Metrics from "@opentelemetry/sdk-metrics";

/** A folder with an SDK of its own, beside this file. */
export type SdkName = "sdk-1" | "sdk-2.0" | "sdk-2" | "sdk-3";

/** An installed SDK. All of its modules are those that an application in its folder would get. */
export interface Sdk {
  readonly name: SdkName;
  /** The major version of `@opentelemetry/sdk-metrics`. */
  readonly major: 1 | 2 | 3;
  readonly folder: string;
  /** Loads a module as a CommonJS file in the folder would. */
  readonly require: NodeJS.Require;
  readonly api: typeof Api;
  readonly metrics: typeof Metrics;
}

/**
 * The SDKs that the tests of this lane run with: those that `PROMHTTP_TEST_SDK` names, separated by
 * spaces, or the newest of each major version that runs on every supported version of Node. SDK 3 needs
 * Node 22.15, and an API that SDK 2 refuses, so it never shares a process with the others.
 */
export const SDKS: readonly Sdk[] = (process.env["PROMHTTP_TEST_SDK"] ?? "sdk-1 sdk-2")
  .split(" ")
  .map(loadSdk);

/** Those with automatic instrumentations, and with a NodeSDK that reads a declarative file. */
export const ZERO_CODE_SDKS: readonly Sdk[] = SDKS.filter(
  ({ name }) => name === "sdk-2" || name === "sdk-3",
);

function loadSdk(name: string): Sdk {
  const folder = fileURLToPath(new URL(`${name}/`, import.meta.url));
  const require = createRequire(join(folder, "package.json"));
  return {
    name: name as SdkName,
    major: Number(/^sdk-(\d)/.exec(name)?.[1]) as Sdk["major"],
    folder,
    require,
    api: require("@opentelemetry/api"),
    metrics: require("@opentelemetry/sdk-metrics"),
  };
}
