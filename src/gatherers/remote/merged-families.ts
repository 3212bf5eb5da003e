/**
 * The families of all workers, merged.
 *
 * Each worker has a mirror of what it sent. A `SharedFamily` is what is known of a family of all workers
 * together: its label sets, and what workers that are gone have counted. A merge only adds up arrays of numbers:
 * which row of a worker belongs to which label set was found out when its layout came. The results are ordinary
 * families. They and their list stay the same objects while only numbers change, so that encoders can keep what
 * they made of them.
 */
import type { GatherContext } from "../../model/gatherer.ts";
import { haveSameElements } from "../../model/identity.ts";
import type { MetricFamily, MetricType } from "../../model/metric-family.ts";
import type { WorkersSettings } from "../../options/workers.ts";
import { policyOf } from "./merge-policy.ts";
import { ownFamily } from "./merging/labelled-metrics.ts";
import { MergedFamily } from "./merging/merged-family.ts";
import { Plan, type PlanEntry } from "./merging/plan.ts";
import { type RetainedSnapshot, RetainedSnapshots } from "./merging/retained-snapshot.ts";
import { Retention } from "./merging/retention.ts";
import { type Contribution, Mirror } from "./mirror.ts";
import { SharedFamily } from "./received/shared-family.ts";
import type { WorkerFamily } from "./received/worker-family.ts";
import type { FamilyHead } from "./snapshot.ts";

export type { Contribution } from "./mirror.ts";

/** The families of all workers, merged. */
export class MergedFamilies {
  readonly #settings: WorkersSettings;
  readonly #now: () => number;
  readonly #mirrors = new Set<Mirror>();
  /** By name, then by type. */
  readonly #families = new Map<string, Map<MetricType, MergedFamily>>();
  readonly #retention: Retention;
  readonly #snapshots = new RetainedSnapshots();
  /** Grows whenever there is another family, or one is known only by what is retained of it. */
  #version = 0;
  #plan: Plan | undefined;
  #list: readonly MetricFamily[] = [];

  /** @param now The time in milliseconds. */
  constructor(settings: WorkersSettings, now: () => number = () => performance.now()) {
    this.#settings = settings;
    this.#now = now;
    this.#retention = new Retention(now);
  }

  /** Makes the mirror of one worker; it counts until it is retired. */
  createMirror(): Mirror {
    const mirror = new Mirror((head) => this.#familyOf(head).shared);
    this.#mirrors.add(mirror);
    return mirror;
  }

  /**
   * Merges the numbers of all living workers.
   *
   * Yields between families. Each is merged in one piece, because another scrape may be reading it.
   */
  *merge(
    workers: readonly Contribution[],
    { isRequested, report }: Pick<GatherContext, "isRequested" | "report">,
  ): Generator<undefined, readonly MetricFamily[], undefined> {
    for (const { shared } of this.#all()) {
      if (isRequested(shared.name, shared.type)) shared.freeRemoved();
    }
    this.#expire();
    this.#retention.report(report);
    const families: MetricFamily[] = [];
    for (const { merged, parts, faults } of this.#planOf(workers)) {
      const { name, type } = merged.shared;
      if (!isRequested(name, type)) continue;
      for (const fault of faults) report(name, fault);
      const family = merged.merge(parts, report);
      if (family !== undefined) families.push(family);
      yield;
    }
    if (!haveSameElements(families, this.#list)) this.#list = Object.freeze(families);
    return this.#list;
  }

  /** Ends a mirror whose worker is gone: its counters and histograms become part of what is retained. */
  retire(mirror: Mirror): void {
    if (!this.#mirrors.delete(mirror)) return;
    mirror.end(this.#now(), (family) => !this.#isOfLivingProcess(family, mirror.pid));
    this.#expire();
  }

  /**
   * Takes what is retained, for the next hub: the layout as it has changed since the last call, and all
   * numbers; `undefined` if nothing has changed. There, a mirror applies it and is retired.
   */
  takeRetained(): RetainedSnapshot | undefined {
    return this.#snapshots.take(Array.from(this.#all(), ({ shared }) => shared));
  }

  /** The families of one worker, as if it were a process of its own: nothing is merged, and no label added. */
  familiesOf(mirror: Mirror): readonly MetricFamily[] {
    // Where each worker is scraped alone, nothing is merged.
    for (const { shared } of this.#all()) shared.freeRemoved();
    mirror.own ??= Object.freeze(mirror.families.map(ownFamily));
    return mirror.own;
  }

  #familyOf(head: FamilyHead): MergedFamily {
    const { name, type } = head;
    let byType = this.#families.get(name);
    if (byType === undefined) {
      byType = new Map();
      this.#families.set(name, byType);
    }
    let merged = byType.get(type);
    if (merged === undefined) {
      const shared = new SharedFamily(head, policyOf(name, type, this.#settings));
      merged = new MergedFamily(shared, this.#settings.label);
      byType.set(type, merged);
      this.#version++;
    }
    return merged;
  }

  /** Forgets what is too old, or too much, and families of which nothing is left. */
  #expire(): void {
    this.#retention.expire(this.#all());
    for (const { shared } of this.#all()) {
      if (!shared.isEmpty) continue;
      const byType = this.#families.get(shared.name);
      byType?.delete(shared.type);
      if (byType?.size === 0) this.#families.delete(shared.name);
      this.#version++;
    }
  }

  *#all(): Generator<MergedFamily, void, undefined> {
    for (const byType of this.#families.values()) yield* byType.values();
  }

  /** Whether another thread of the same process goes on with a family that is the same for all of them. */
  #isOfLivingProcess({ shared }: WorkerFamily, pid: number | undefined): boolean {
    if (!shared.policy.isProcessWide || pid === undefined) return false;
    for (const mirror of this.#mirrors) {
      if (mirror.pid === pid && mirror.families.some((family) => family.shared === shared)) {
        return true;
      }
    }
    return false;
  }

  #planOf(workers: readonly Contribution[]): readonly PlanEntry[] {
    if (!this.#plan?.isCurrent(workers, this.#version)) {
      for (const { mirror, pid } of workers) mirror.pid = pid;
      this.#plan = new Plan(workers, this.#families, this.#version);
    }
    return this.#plan.entries;
  }
}
