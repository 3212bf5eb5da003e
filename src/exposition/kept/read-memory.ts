import { nodeModule } from "../../node.ts";

/** The memory of the process, in bytes. */
export interface MemoryReading {
  /** What V8's heap holds, without its young generation. */
  readonly heapUsed: number;
  readonly heapLimit: number;
  readonly rss: number;
  /** The limit of the control group; without one 0, `undefined` or a number like 2 ** 64. */
  readonly rssLimit: number | undefined;
}

/** Reads the memory of the process. */
export function readMemory(): MemoryReading {
  const v8 = nodeModule("node:v8");
  const { used_heap_size, heap_size_limit } = v8.getHeapStatistics();
  let youngBytes = 0;
  for (const { space_name, space_used_size } of v8.getHeapSpaceStatistics()) {
    if (space_name.startsWith("new_")) youngBytes += space_used_size;
  }
  return {
    heapUsed: used_heap_size - youngBytes,
    heapLimit: heap_size_limit - youngLimit(process.versions.v8),
    rss: process.memoryUsage.rss(),
    rssLimit: process.constrainedMemory(),
  };
}

/**
 * The share of V8's heap limit that is reserved for the young generation, in bytes. The old generation
 * has the rest, and the process dies when that is full: at 69 % of the limit with
 * `--max-old-space-size=128` on Node 20. V8 does not report the share; these figures are the difference
 * between its limit and that flag, on Node 20 to 26 and Deno 2.
 */
export function youngLimit(v8Version: string): number {
  const major = Number.parseInt(v8Version, 10);
  return (major < 13 ? 48 : major === 13 ? 192 : 96) * 1_024 * 1_024;
}
