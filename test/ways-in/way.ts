import type { HandlerOptions } from "../../src/index.ts";
import type { Client } from "./clients/client.ts";
import type { Journal } from "./journal.ts";
import type { SourceName } from "./sources.ts";

/** A way for a scrape to come to the metrics. */
export interface Way {
  readonly name: string;
  start(setup: Setup): Promise<Running>;
  /** Why it does not pass a check, by the name of the check. */
  readonly cannot?: Readonly<Record<string, string>>;
  /** What it adds to the log of a scrape that fails. */
  readonly ownLog?: RegExp;
}

/** What a way in serves. */
export interface Setup {
  readonly source: SourceName;
  readonly options: HandlerOptions;
}

/** A way in that serves. */
export interface Running {
  readonly journal: Journal;
  connect(): Promise<Client>;
  /** Stops it, its connections and all. */
  close(): Promise<void>;
}
