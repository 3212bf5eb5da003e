/** What a process brings into its group: its metrics, and what it does when it is the hub. */
import type { Log } from "../log.ts";
import type { Gatherer } from "../model/gatherer.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";
import type { WorkersSettings } from "../options/workers.ts";
import type { Scrape } from "../scrape/exchange.ts";
import type { SelfMetrics } from "../scrape/self-metrics.ts";
import type { UpdateLock } from "../scrape/update-lock.ts";
import type { LocalWorker } from "./local/local-worker.ts";
import type { Meeting } from "./meeting/meet.ts";
import type { Place } from "./messages.ts";

/** What a group needs to know of the process that joins it. */
export interface GroupConfig {
  /** The application's own metrics, of this process. */
  readonly gatherer: Gatherer;
  readonly options: ResolvedHandlerOptions;
  readonly log: Log;
  /** The address as the user wrote it; `undefined` for a handler. */
  readonly address: string | undefined;
  /** Where its metrics are served; `undefined` for a handler, which may be mounted anywhere. */
  readonly path?: string | undefined;
  /** Whether it is one beside the group of the same address or name, for another path: that one listens. */
  readonly isFurther?: boolean;
  /** Keeps updates and reading apart; absent where no other group of this process has the same. */
  readonly lock?: UpdateLock | undefined;
  /** Whether the application of one that only answers for others is stuck, and not worth waiting for. */
  readonly isStuck?: (() => boolean) | undefined;
}

/** What this process does when it is the hub. */
export interface Hosted {
  /** Answers scrapes of `Group.gatherer`. */
  readonly scrape: Scrape;
  readonly page: Scrape;
  /** What those scrapes count; it is served as part of this worker. */
  readonly selfMetrics: SelfMetrics;
  /** Starts to listen, each time this process becomes the hub. A handler has nowhere to listen. */
  open(): Promise<Place | undefined>;
  /** Stops listening, because another process is the hub now. */
  shut(): Promise<void>;
}

/** What takes part, and where. */
export interface PartConfig {
  readonly meeting: Meeting;
  /** `undefined` where it never becomes the hub. */
  readonly hosted: Hosted | undefined;
  /** Whether it listens as the hub; a handler does not. */
  readonly canListen: boolean;
  /** The worker that this process is; `undefined` where it only answers for others. */
  readonly local: LocalWorker | undefined;
  /** As in `GroupConfig`. */
  readonly isStuck: (() => boolean) | undefined;
  /** Empty where its sources have names: a scrape of all workers cannot pick among them. */
  readonly sourceNames: Gatherer["sourceNames"];
  readonly settings: WorkersSettings;
  readonly options: ResolvedHandlerOptions;
  readonly log: Log;
}
