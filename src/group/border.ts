/** The border of this room: what a process says when it joins a group, and what it gets. */
import type { FixedAnswer } from "../http/fixed-answers.ts";
import type { RequestHead } from "../http/request-head.ts";
import type { Log } from "../log.ts";
import type { Gatherer } from "../model/gatherer.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";
import type { WorkerRole } from "../options/workers.ts";
import type { Scrape, WorkerReport } from "../scrape/exchange.ts";
import type { SelfMetrics } from "../scrape/self-metrics.ts";
import type { UpdateLock } from "../scrape/update-lock.ts";
import type { Place } from "./messages.ts";

/** What a worker does. */
export type Role = WorkerRole;

/** What a group needs to know of the process that joins it. */
export interface GroupConfig {
  /** The application's own metrics, of this process. */
  readonly gatherer: Gatherer;
  readonly options: ResolvedHandlerOptions;
  readonly log: Log;
  /** The address as the user wrote it; `undefined` for a handler. */
  readonly address: string | undefined;
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

/** A group that this process takes part in. */
export interface Group {
  readonly role: Role;
  /** Gathers from all workers; from this process alone where it is alone. */
  readonly gatherer: Gatherer;
  /** Where the hub answers; `undefined` while there is none, and for a handler. */
  readonly place: Place | undefined;
  /** Must be given to the scrape handler of this process. */
  readonly lock: UpdateLock;
  /**
   * Joins the group.
   *
   * @throws What `open()` throws, if this process becomes the first hub or is alone.
   */
  join(hosted: Hosted): Promise<void>;
  /** Answers a scrape for all workers, or for the one that `?worker=` names, wherever the hub is. */
  readonly scrape: Scrape;
  /** The same for the page. */
  readonly page: Scrape;
  /**
   * Answers with the targets of the workers, for HTTP service discovery.
   *
   * @param path That of the metrics; a mount does not know its own.
   */
  targets(head: RequestHead, path: string | undefined): Promise<FixedAnswer>;
  workers(): readonly WorkerReport[];
  /** `Controls` of this worker. */
  setFailing(message?: string): void;
  setOk(): void;
  /** Leaves the group: a hub after it has stopped listening. */
  close(): Promise<void>;
}
