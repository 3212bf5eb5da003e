import { Group, type GroupConfig, type Hosted, type Place } from "../group/group.ts";
import { targetsAnswer } from "../http/targets.ts";
import type { WorkerRole } from "../options/workers.ts";
import {
  checkGrouped,
  createSharedEndpoint,
  type Endpoint,
  type EndpointParts,
} from "./endpoint.ts";

/** The endpoint of a process in a group. */
export interface GroupEndpoint extends Endpoint {
  readonly role: WorkerRole;
  /** Where the hub answers; `undefined` while there is none, and where that is a handler. */
  readonly place: Place | undefined;
  /**
   * Joins the group. Until then it gets no requests, except those that come to what it opens.
   *
   * @throws What `open()` throws, if this process becomes the first hub or is alone.
   */
  join(listener: Pick<Hosted, "open" | "shut">): Promise<void>;
  /** Leaves the group. */
  leave(): Promise<void>;
}

/** The slot of a worker without others; it answers every scrape, whichever worker that asks for. */
const ONLY_SLOT: readonly number[] = [0];

/**
 * Makes the endpoint of a process that is to join the others of its application.
 *
 * @param alone The endpoint of this process, which answers where there is no group to join.
 * @throws {TypeError} When a gatherer declares parameters.
 */
export function createGroupEndpoint(
  parts: EndpointParts,
  alone: Endpoint,
  where: Pick<GroupConfig, "address" | "isFurther">,
): GroupEndpoint {
  checkGrouped(parts);
  const { gatherer, options, log, path, lock } = parts;
  const { isStuck } = parts.application ?? {};
  const group = new Group({ gatherer, options, log, path, lock, isStuck, ...where });
  const all = createSharedEndpoint({
    ...parts,
    gatherer: group.gatherer,
    status: undefined,
    // The group runs the hook of each worker, and serves its status.
    options: { ...options, onScrape: undefined, statusName: undefined },
    lock: group.lock,
    workers: () => group.workers(),
  });
  const label = options.workers?.label ?? "";
  const isAlone = () => group.role === "alone";
  return {
    get role() {
      return group.role;
    },
    get place() {
      return group.place;
    },
    scrape: (request) => (isAlone() ? alone : group).scrape(request),
    page: (request) => (isAlone() ? alone : group).page(request),
    further: alone.further,
    targets: (head, own) =>
      isAlone() ? targetsAnswer(head, own, ONLY_SLOT, label) : group.targets(head, own),
    update: (work, startedAt) => (isAlone() ? alone : all).update(work, startedAt),
    setFailing: (message) => (isAlone() ? alone : group).setFailing(message),
    setOk: () => (isAlone() ? alone : group).setOk(),
    // Whether a worker is ready is its own affair: nobody else answers for it.
    setReady: alone.setReady,
    isReady: alone.isReady,
    join: (listener) => {
      const { scrape, page, selfMetrics } = all;
      return group.join({ scrape, page, selfMetrics, ...listener });
    },
    leave: () => group.close(),
    close() {
      void all.close();
      return alone.close();
    },
  };
}
