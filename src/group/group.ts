/**
 * The processes and threads of one application, as one target.
 *
 * The types are the border to `server/` and `mount/`.
 */
import type { AddressInfo } from "node:net";
import type { FixedAnswer } from "../http/fixed-answers.ts";
import type { RequestHead } from "../http/request-head.ts";
import { targetsAnswer } from "../http/targets.ts";
import type { Log } from "../log.ts";
import type { Gatherer } from "../model/gatherer.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";
import type { WorkerRole } from "../options/workers.ts";
import type { Scrape, WorkerReport } from "../scrape/exchange.ts";
import { UpdateLock } from "../scrape/update-lock.ts";

export type { WorkerReport } from "../scrape/exchange.ts";

/** What a worker does. */
export type Role = WorkerRole;

/** Where a hub answers. */
export interface Place {
  readonly address: AddressInfo | string;
  readonly url: string;
}

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
  /** Answers with the targets of the workers, for HTTP service discovery. */
  targets(head: RequestHead, path: string | undefined): Promise<FixedAnswer>;
  workers(): readonly WorkerReport[];
  /** `Controls` of this worker. */
  setFailing(message?: string): void;
  setOk(): void;
  /** Leaves the group: a hub after it has stopped listening. */
  close(): Promise<void>;
}

/** Takes part in the group of this process. */
export function createGroup({ gatherer }: GroupConfig): Group {
  return new LoneGroup(gatherer);
}

class LoneGroup implements Group {
  readonly role = "alone";
  readonly place: undefined;
  readonly lock: UpdateLock = new UpdateLock();
  readonly gatherer: Gatherer;
  #hosted: Hosted | undefined;

  constructor(gatherer: Gatherer) {
    this.gatherer = gatherer;
  }

  async join(hosted: Hosted): Promise<void> {
    this.#hosted = hosted;
    await hosted.open();
  }

  readonly scrape: Scrape = (request) => this.#hosted?.scrape(request);
  readonly page: Scrape = (request) => this.#hosted?.page(request);

  async targets(head: RequestHead, path: string | undefined): Promise<FixedAnswer> {
    return targetsAnswer(head, path, [0], "worker");
  }

  workers(): readonly WorkerReport[] {
    return [];
  }

  setFailing(): void {}
  setOk(): void {}

  async close(): Promise<void> {}
}
