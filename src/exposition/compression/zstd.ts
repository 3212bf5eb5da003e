import type { Transform } from "node:stream";
import { nodeModule } from "../../node.ts";

/**
 * The zstd level when the option is not set.
 *
 * CPU time and size on Node 24.21, measured beside gzip (see `DEFAULT_GZIP_LEVEL`):
 *
 * | level  | 1,000 lines (88 kB) | 10,000 (890 kB)   | 100,000 (9.0 MB)   |
 * | ------ | ------------------- | ----------------- | ------------------ |
 * | 1      | 0.30 ms, 10.0 kB    | 2.2 ms, 98.1 kB   | 19.7 ms, 976 kB    |
 * | 3      | 0.33 ms, 10.1 kB    | 2.3 ms, 101.3 kB  | 26.3 ms, 1,023 kB  |
 * | gzip 2 | 0.34 ms, 11.2 kB    | 2.9 ms, 105.0 kB  | 26.4 ms, 1,025 kB  |
 *
 * On such bodies level 3, the default of zstd, is both slower and larger.
 */
export const DEFAULT_ZSTD_LEVEL = 1;

/** What `node:zlib` has from Node 22.15 and 23.8 on; the types in use are those of Node 20. */
interface ZstdModule {
  readonly createZstdCompress?: (options: {
    readonly chunkSize: number;
    readonly params: Readonly<Record<number, number>>;
  }) => Transform;
}

/** `ZSTD_c_compressionLevel` of zstd's stable API. */
const COMPRESSION_LEVEL_PARAM = 100;

/** Tells whether this Node can compress with zstd: 22.15, 23.8 and later. Loads `node:zlib`. */
export function isZstdAvailable(): boolean {
  return zstdModule().createZstdCompress !== undefined;
}

/**
 * Makes a zstd stream. Throws an `Error` where {@link isZstdAvailable} is false.
 *
 * @param level From 1, the fastest, to 22, the smallest; zstd takes the nearest that it has.
 */
export function createZstd(level: number | undefined, chunkSize: number): Transform {
  const { createZstdCompress } = zstdModule();
  if (createZstdCompress === undefined) {
    throw new Error("Cannot compress with zstd: this version of Node.js lacks it");
  }
  return createZstdCompress({
    chunkSize,
    params: { [COMPRESSION_LEVEL_PARAM]: level ?? DEFAULT_ZSTD_LEVEL },
  });
}

function zstdModule(): ZstdModule {
  // Cast: the types of Node 20 share no property with what later versions add.
  return nodeModule("node:zlib") as ZstdModule;
}
