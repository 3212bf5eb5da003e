/**
 * The application of a server in a thread, as a worker of its group, and of one more for each further path. It
 * reports as any member does, by its own socket, and leaves as one: its exit handlers run in this thread. It never
 * answers for the others. That is what the thread of the server does, which has no metrics there.
 */
import { logAt } from "../../../endpoint/endpoints.ts";
import { readEnvironment } from "../../../group/environment.ts";
import { Group } from "../../../group/group.ts";
import { andThen } from "../../../maybe-promise.ts";
import type { Gatherer, GatherResult } from "../../../model/gatherer.ts";
import type { MetricFamily } from "../../../model/metric-family.ts";
import { textOf } from "../../../options/address.ts";
import type { Controls } from "../../../options/options.ts";
import type { WorkersSettings } from "../../../options/workers.ts";
import type { UpdateLock } from "../../../scrape/update-lock.ts";
import type { ServerArguments } from "../../open-server.ts";
import type { ThreadPlace } from "../messages.ts";
import type { KeptThread } from "./kept-thread.ts";

/** What an application takes part in. */
export interface Membership {
  /** Resolves when it has joined, or when that takes longer. It never rejects. */
  readonly joined: Promise<void>;
  /** What the thread of the server is told of the group. */
  readonly sent: () => WorkersSettings;
  /** Where the server is. As long as it has no thread, another process is the hub. */
  readonly placeOf: (thread: Pick<KeptThread, "place" | "isServing">) => ThreadPlace;
  /** Lets what the application declares be of it as a worker; the thread needs it where there is no group. */
  readonly withDeclared: (controls: Controls) => Controls;
  /** Leaves, with all that has been counted. */
  leave(): Promise<void>;
}

/**
 * Lets an application join its groups. Their marks are in the environment when this returns, so the thread that is
 * started next finds the same ones.
 *
 * @param workers The option of the server.
 * @param lock Keeps updates and reading apart.
 * @param families What is counted in this thread beside the metrics of the main path.
 */
export function joinGroups(
  parts: ServerArguments,
  workers: WorkersSettings,
  lock: UpdateLock,
  families: readonly MetricFamily[],
): Membership {
  const { gatherer, paths, target, log } = parts;
  const { pid, thread, name } = readEnvironment();
  const onJoined = workers.onJoined && onJoinedOther(workers.onJoined, pid);
  const options = { ...parts.options, workers: { ...workers, onJoined } };
  const shared = { options, lock, address: textOf(target) };
  const main = new Group({
    ...shared,
    ...{ gatherer: withFamilies(gatherer, families), log, path: options.path },
  });
  const further = Array.from(
    paths?.gatherers ?? [],
    ([path, source]) =>
      new Group({ ...shared, gatherer: source, log: logAt(path, log), path, isFurther: true }),
  );
  const groups = [main, ...further];
  const joining = groups.map((group) => group.join());
  return {
    joined: keptAlive(Promise.allSettled(joining)),
    sent: () => ({
      ...workers,
      onJoined: undefined,
      application: { thread, name, isAlone: main.role === "alone" },
    }),
    placeOf({ place, isServing }) {
      if (isServing || place.role === "alone") return place;
      return { ...place, ...main.place, role: "member" };
    },
    withDeclared: (controls) => ({
      update: (work) => controls.update(work),
      setReady: (isReady) => controls.setReady(isReady),
      setFailing(message) {
        controls.setFailing(message);
        for (const group of groups) if (group.role !== "alone") group.setFailing(message);
      },
      setOk() {
        controls.setOk();
        for (const group of groups) group.setOk();
      },
    }),
    leave: () => keptAlive(Promise.all(groups.map((group) => group.close()))),
  };
}

/** Keeps the process alive until something is done: nothing of a group does. */
async function keptAlive(work: Promise<unknown>): Promise<void> {
  const alive = setInterval(() => {}, MAX_MS);
  try {
    await work;
  } finally {
    clearInterval(alive);
  }
}

/** The longest time that a timer can wait. */
const MAX_MS = 2 ** 31 - 1;

/** The application is told only of hubs in other processes, not of its own thread. */
function onJoinedOther(
  onJoined: NonNullable<WorkersSettings["onJoined"]>,
  pid: number,
): NonNullable<WorkersSettings["onJoined"]> {
  return (hub) => {
    if (hub.pid !== pid) onJoined(hub);
  };
}

function withFamilies(gatherer: Gatherer, added: readonly MetricFamily[]): Gatherer {
  if (added.length === 0) return gatherer;
  const { params, sourceNames, hasCollectors = false } = gatherer;
  const add = (result: GatherResult): GatherResult => ({
    ...result,
    families: [...result.families, ...added],
  });
  return {
    ...{ params, sourceNames, hasCollectors },
    // Cast: whatever can be awaited is awaited like a promise.
    gather: (context) => andThen(gatherer.gather(context) as GatherResult, add),
  };
}
