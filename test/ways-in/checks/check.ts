import type { HandlerOptions } from "../../../src/index.ts";
import type { SourceName } from "../sources.ts";
import type { Running } from "../way.ts";

/** Something that every way in must do. */
export interface Check {
  /** Continues a sentence that the name of the way begins. */
  readonly name: string;
  readonly source: SourceName;
  /** @default {} */
  readonly options?: HandlerOptions;
  /** The lines that are logged, and no others. */
  readonly log?: readonly RegExp[];
  run(running: Pick<Running, "connect" | "journal">): Promise<void>;
}

/** How a scraper may want a body encoded. */
export const ENCODINGS = ["identity", "gzip"] as const;
