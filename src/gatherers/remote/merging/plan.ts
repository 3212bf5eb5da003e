import type { MetricType } from "../../../model/metric-family.ts";
import type { Contribution } from "../mirror.ts";
import type { MergedFamily, Part } from "./merged-family.ts";

/** All families, by name and then by type. */
export type FamiliesByName = ReadonlyMap<string, ReadonlyMap<MetricType, MergedFamily>>;

/** What one merge makes a family of. */
export interface PlanEntry {
  readonly merged: MergedFamily;
  /** The lowest slot first. */
  readonly parts: readonly Part[];
  /** What is left out of it, and why. */
  readonly faults: readonly string[];
}

/** Which families of which workers are merged: the same for as long as nothing but numbers changes. */
export class Plan {
  readonly entries: readonly PlanEntry[];
  readonly #workers: readonly Contribution[];
  readonly #mirrorVersions: readonly number[];
  readonly #version: number;

  /** @param version Changes with the families. */
  constructor(workers: readonly Contribution[], families: FamiliesByName, version: number) {
    // Copies, because what a caller says of a worker may change.
    this.#workers = workers.map((worker) => ({ ...worker }));
    this.#mirrorVersions = workers.map(({ mirror }) => mirror.version);
    this.#version = version;
    const byName = partsByName(this.#workers.toSorted((a, b) => a.slot - b.slot));
    this.entries = [...livingEntries(byName, families), ...retainedEntries(byName, families)];
  }

  /** Whether it still is the plan for some workers. */
  isCurrent(workers: readonly Contribution[], version: number): boolean {
    return (
      version === this.#version &&
      workers.length === this.#workers.length &&
      workers.every((worker, at) => this.#isSame(worker, at))
    );
  }

  #isSame({ mirror, slot, pid, isMainThread, isCurrent }: Contribution, at: number): boolean {
    const before = this.#workers[at];
    return (
      before?.mirror === mirror &&
      this.#mirrorVersions[at] === mirror.version &&
      before.slot === slot &&
      before.pid === pid &&
      before.isMainThread === isMainThread &&
      before.isCurrent === isCurrent
    );
  }
}

type PartsByName = ReadonlyMap<string, readonly [Part, ...Part[]]>;

function partsByName(workers: readonly Contribution[]): PartsByName {
  const byName = new Map<string, [Part, ...Part[]]>();
  for (const worker of workers) {
    for (const family of worker.mirror.families) {
      const parts = byName.get(family.head.name);
      if (parts === undefined) byName.set(family.head.name, [{ family, worker }]);
      else parts.push({ family, worker });
    }
  }
  return byName;
}

/** The families that any living worker has; of one name, the type of the lowest slot wins. */
function* livingEntries(
  byName: PartsByName,
  families: FamiliesByName,
): Generator<PlanEntry, void, undefined> {
  for (const [name, parts] of byName) {
    const [first] = parts;
    const { type } = first.family.head;
    const merged = families.get(name)?.get(type);
    // There is one for each family of each mirror.
    if (merged === undefined) continue;
    const isSame = ({ family }: Part) => family.head.type === type;
    const others = parts.filter((part) => !isSame(part));
    yield {
      merged,
      parts: others.length === 0 ? parts : parts.filter(isSame),
      faults: others.map(
        ({ family, worker }) =>
          `worker ${worker.slot} has it as ${family.head.type}; kept ${type}, as worker ${first.worker.slot} has it`,
      ),
    };
  }
}

/** The families that no living worker has any more. */
function* retainedEntries(
  byName: PartsByName,
  families: FamiliesByName,
): Generator<PlanEntry, void, undefined> {
  for (const [name, byType] of families) {
    if (byName.has(name)) continue;
    for (const merged of byType.values()) {
      if (merged.shared.orphans.size === 0) continue;
      yield { merged, parts: [], faults: [] };
      break;
    }
  }
}
