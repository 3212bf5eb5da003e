import { haveSameElements } from "../../model/identity.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import { expect, expectIndex, expectList } from "./protocol-error.ts";
import { MAX_FAMILIES, MAX_ROWS, readLayout } from "./received/read-layout.ts";
import type { SharedFamily } from "./received/shared-family.ts";
import { WorkerFamily } from "./received/worker-family.ts";
import type { FamilyHead, Snapshot } from "./snapshot.ts";

/** What one worker adds to a merge. */
export interface Contribution {
  readonly mirror: Mirror;
  readonly slot: number;
  readonly pid: number;
  readonly isMainThread: boolean;
  /** Whether it has answered this scrape: of one that has not, gauges are left out. */
  readonly isCurrent: boolean;
}

/**
 * What one worker has sent so far: its families, and for each row the slot of its label set and its last
 * numbers. It keeps no labels.
 *
 * A peer sends all of it. Whatever it sends, a mirror either takes it or throws; after that it only waits for
 * its end, and what it had before still counts.
 */
export class Mirror {
  /** The process of its worker, as far as a merge has said. */
  pid: number | undefined;
  /** The families that have numbers, in the order of the worker. */
  families: readonly WorkerFamily[] = [];
  /** Grows whenever there are other families. */
  version = 0;
  /** The families as those of one process; made when they are asked for. */
  own: readonly MetricFamily[] | undefined;
  #byId = new Map<number, WorkerFamily>();
  /** Whether any numbers have come. */
  #hasNumbers = false;
  /** Senders count their families from 0: what that is here. */
  #firstId = 0;
  #lastId = -1;
  /** Whether some families may be of a sender before. */
  #hasFormer = false;
  readonly #sharedFamily: (head: FamilyHead) => SharedFamily;

  /** @param sharedFamily Finds or makes what is known of a family, whoever has it. */
  constructor(sharedFamily: (head: FamilyHead) => SharedFamily) {
    this.#sharedFamily = sharedFamily;
  }

  /** The number of its label sets. */
  get seriesCount(): number {
    let count = 0;
    for (const family of this.#all()) count += family.rowCount;
    return count;
  }

  /** How many numbers it keeps. */
  get numberCount(): number {
    let count = 0;
    for (const family of this.#all()) count += family.expectedNumbers;
    return count;
  }

  /**
   * Whether layouts come without end, and none of the numbers that free what was removed. A journal is read
   * that way, too; a peer must not send it.
   */
  get isFlooded(): boolean {
    for (const family of this.#all()) if (family.isFlooded) return true;
    return false;
  }

  /**
   * Applies a piece of a layout; the numbers of that layout must follow.
   *
   * @throws {ProtocolError} If it is not as the protocol says.
   */
  applyLayout(piece: unknown): void {
    const changes = readLayout(piece, (id) => this.#byId.get(id)?.labelCounts ?? []);
    for (const change of changes) {
      const { id, head } = change;
      let family = this.#byId.get(id);
      expect((head !== undefined) === (family === undefined), "the head of a family");
      if (head !== undefined) {
        expect(this.#byId.size < MAX_FAMILIES, "the number of families");
        const ownId = this.#firstId + id;
        expectIndex(ownId, Number.MAX_SAFE_INTEGER, "the id of a family");
        family = new WorkerFamily(ownId, head, this.#sharedFamily(head));
        this.#byId.set(id, family);
        this.#lastId = Math.max(this.#lastId, ownId);
      }
      family?.change(change);
      expect((family?.rowCount ?? 0) <= MAX_ROWS, "the number of rows");
    }
  }

  /**
   * Applies the numbers of a snapshot, after all pieces of its layout.
   *
   * @returns The families of the snapshot, in its order.
   * @throws {ProtocolError} If they are not those of the layout: then none is applied.
   */
  applyNumbers({
    order,
    isPartial,
    numbers,
  }: Omit<Snapshot, "layout">): readonly WorkerFamily[] {
    expect(typeof isPartial === "boolean", "whether a snapshot is partial");
    const sent = this.#familiesOf(order);
    let expected = 0;
    for (const family of sent) expected += family.expectedNumbers;
    expect(numbers instanceof Float64Array && numbers.length === expected, "the number of numbers");
    this.#makeWay(sent);
    let at = 0;
    for (const family of sent) {
      const count = family.expectedNumbers;
      family.take(numbers, at);
      at += count;
    }
    this.#arrange(sent, isPartial);
    this.#hasNumbers = true;
    return sent;
  }

  /**
   * Begins anew with another sender: of the same worker after it has lost its connection, or of its final
   * totals. What it had stays as it is, until numbers of the new sender replace it.
   */
  renew(): void {
    for (const family of this.#byId.values()) if (!family.hasNumbers) family.end(undefined, false);
    this.#byId = new Map();
    this.#firstId = this.#lastId + 1;
    this.#hasFormer = true;
  }

  /**
   * What those who keep the numbers call a family of the sender: families of senders before may have the same
   * id. `undefined` for a family that is not kept.
   */
  keptId(id: number): number | undefined {
    const family = this.#byId.get(id);
    return family !== undefined && isKept(family) ? family.id : undefined;
  }

  /**
   * Copies the numbers of the families that are kept, those of senders before included; `undefined` while
   * others of the sender have changed, and their numbers have not come.
   *
   * @param kept The families whose layout is kept.
   */
  takeNumbers(kept: { has(id: number): boolean }): Pick<Snapshot, "order" | "numbers"> | undefined {
    if (!this.#hasNumbers) return undefined;
    const taken: WorkerFamily[] = [];
    let count = 0;
    for (const family of this.#all()) {
      if (!kept.has(family.id)) continue;
      // What a sender before has changed without numbers is not kept.
      const isChanging = family.isChanging && family.id >= this.#firstId;
      if (!family.hasNumbers || isChanging) return undefined;
      taken.push(family);
      count += family.numbers.length;
    }
    const numbers = new Float64Array(count);
    let at = 0;
    for (const family of taken) {
      numbers.set(family.numbers, at);
      at += family.numbers.length;
    }
    return { order: taken.map(({ id }) => id), numbers };
  }

  /**
   * Ends all families.
   *
   * @param isRetained Whether what a family has counted is retained.
   */
  end(goneAt: number, isRetained: (family: WorkerFamily) => boolean): void {
    for (const family of this.#all()) {
      family.end(goneAt, isRetained(family));
    }
    this.families = [];
    this.#byId.clear();
    this.version++;
    this.own = undefined;
  }

  #familiesOf(order: readonly number[]): readonly WorkerFamily[] {
    expectList(order, "the order of families");
    const names = new Set<string>();
    const families: WorkerFamily[] = [];
    for (const id of order) {
      expectIndex(id, Number.MAX_SAFE_INTEGER, "the id of a family");
      const family = this.#byId.get(id);
      expect(family !== undefined, "the id of a family");
      names.add(family.head.name);
      families.push(family);
    }
    expect(names.size === order.length, "a family that is there twice");
    return families;
  }

  /** Ends families that new ones of the same name replace, which continue their rows if they can. */
  #makeWay(sent: readonly WorkerFamily[]): void {
    const fresh = sent.filter(({ hasNumbers }) => !hasNumbers);
    if (fresh.length === 0) return;
    const byName = new Map(this.families.map((family) => [family.head.name, family]));
    for (const family of fresh) {
      const before = byName.get(family.head.name);
      if (before === undefined) continue;
      if (before.shared === family.shared) family.succeed(before);
      else before.end(undefined, true);
      this.#forget(before);
    }
  }

  /** Notes which families there are, and ends the others unless they only were not asked for. */
  #arrange(sent: readonly WorkerFamily[], isPartial: boolean): void {
    const { families } = this;
    if (sent.length === this.#byId.size && haveSameElements(sent, families)) return;
    const isSent = new Set(sent);
    const others = families.filter((family) => !isSent.has(family));
    let next = sent;
    if (isPartial) {
      const known = new Set(families);
      const fresh = sent.filter((family) => !known.has(family));
      next = fresh.length === 0 ? families : [...families, ...fresh];
    } else {
      this.#hasFormer = false;
      for (const family of others) family.end(undefined, true);
      for (const [id, family] of this.#byId) {
        if (isSent.has(family)) continue;
        // It has never had numbers.
        if (!families.includes(family)) family.end(undefined, true);
        this.#byId.delete(id);
      }
    }
    if (haveSameElements(next, families)) return;
    this.families = next;
    this.version++;
    this.own = undefined;
  }

  /** All families, those included whose numbers have not come, or come no more. */
  #all(): Iterable<WorkerFamily> {
    if (!this.#hasFormer) return this.#byId.values();
    return new Set([...this.families, ...this.#byId.values()]);
  }

  #forget(family: WorkerFamily): void {
    this.families = this.families.filter((each) => each !== family);
    this.version++;
    for (const [id, each] of this.#byId) if (each === family) this.#byId.delete(id);
  }
}

/** Whether its numbers only grow. */
function isKept({ head, shared }: WorkerFamily): boolean {
  return head.type === "counter" || head.type === "histogram" || shared.policy.kind === "total";
}
