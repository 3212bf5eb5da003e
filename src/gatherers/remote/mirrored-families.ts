import { haveSameElements } from "../../model/identity.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import type { MergePolicy } from "./merge-policy.ts";
import { ownFamily } from "./merging/labelled-metrics.ts";
import { Mirror } from "./mirror.ts";
import { SharedFamily } from "./received/shared-family.ts";
import type { FamilyHead, Snapshot } from "./snapshot.ts";

/** Nothing is added up, and nothing is retained. */
const AS_IT_IS: MergePolicy = { kind: "perWorker", aggregator: undefined, isProcessWide: false };

/** The families of one sender as it has them, for a thread that serves only these. */
export class MirroredFamilies {
  readonly #mirror = new Mirror((head) => this.#sharedFamily(head));
  /** By type and name: what is known of label sets outlives a change of the help. */
  readonly #shared = new Map<string, SharedFamily>();

  /**
   * Applies a snapshot, and yields where it may pause. Until it has ended nothing may read the families.
   *
   * @returns Its families, in its order. Each stays the same object as long as only its metrics change.
   * @throws {ProtocolError} If it is not as the protocol says.
   */
  *apply({
    layout,
    ...numbers
  }: Snapshot): Generator<undefined, readonly MetricFamily[], undefined> {
    for (const piece of layout) {
      this.#mirror.applyLayout(piece);
      yield;
    }
    const families = this.#mirror.applyNumbers(numbers).map(ownFamily);
    for (const [key, shared] of this.#shared) if (shared.isEmpty) this.#shared.delete(key);
    return families;
  }

  /** Returns those of `families` that are still there, or what has taken their place. */
  current(families: readonly MetricFamily[]): readonly MetricFamily[] {
    const byName = new Map(this.#mirror.families.map((family) => [family.head.name, family]));
    const own = families
      .map(({ name }) => byName.get(name))
      .filter((family) => family !== undefined);
    const current = own.map(ownFamily);
    return haveSameElements(current, families) ? families : current;
  }

  #sharedFamily(head: FamilyHead): SharedFamily {
    const key = `${head.type} ${head.name}`;
    const shared = this.#shared.get(key) ?? new SharedFamily(head, AS_IT_IS);
    this.#shared.set(key, shared);
    return shared;
  }
}
