// The OpenTelemetry SDKs that are measured, each with its exporter, ours, and what any endpoint pays.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { nodeFor } from "./other-nodes.mjs";
import { startProgram } from "./target.mjs";

const SDK_3 = "test/opentelemetry/sdk-3";

/**
 * The exporter of each SDK, ours over it, ours that keeps nothing, and `collect()` without an
 * exposition; the oldest Node that the SDK supports, and the folder whose packages are used.
 */
export const SDKS = [sdk(2, 20, "bench"), sdk(3, 22, SDK_3)];

function sdk(major, oldestNode, folder) {
  return {
    rival: `exporter, SDK ${major}`,
    ours: `promhttp, SDK ${major}`,
    kept0: `nothing kept, SDK ${major}`,
    floor: `collect() alone, SDK ${major}`,
    oldestNode,
    folder: fileURLToPath(new URL(`../../${folder}/`, import.meta.url)),
  };
}

/** Their programs in `rivals/`, with what ours may keep, in bytes. */
const PROGRAMS = {
  rival: ["opentelemetry"],
  ours: ["promhttp-opentelemetry"],
  kept0: ["promhttp-opentelemetry", "0"],
  floor: ["opentelemetry-collect"],
};

/** What is measured, by the name that it has in the tables. */
export const SDK_TARGETS = Object.fromEntries(
  SDKS.flatMap((sdk) =>
    Object.entries(PROGRAMS).map(([role, [program, keptBytes]]) => [
      sdk[role],
      { sdk, program, keptBytes },
    ]),
  ),
);

/** Those SDKs that can run here; a line on stderr names each that cannot. */
export function runnableSdks(sdks) {
  return sdks.filter(({ rival, oldestNode, folder }) => {
    if (nodeFor(oldestNode) !== undefined && existsSync(`${folder}node_modules`)) return true;
    console.error(
      `Skipped ${rival}: it needs Node ${oldestNode} or newer and its packages (npm ci --prefix test/runtimes; npm ci --prefix ${SDK_3})`,
    );
    return false;
  });
}

/** Starts a target over an SDK, and settles when it listens. */
export async function startOverSdk(name, shape) {
  const { sdk, program, keptBytes } = SDK_TARGETS[name];
  const target = await startProgram(program, [shape, "0", ...(keptBytes ? [keptBytes] : [])], {
    node: nodeFor(sdk.oldestNode),
    env: { BENCH_SDK: sdk.folder },
  });
  return { name, shape, ...target };
}
