import type { Mirror } from "../../../gatherers/remote/mirror.ts";
import type { LayoutPiece, Snapshot } from "../../../gatherers/remote/snapshot.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import type { LedgerEntry, LedgerName } from "../../ledger/ledger-entry.ts";

/** What the ledger holds of one worker. One that returns is kept as it was until it says something else. */
export class KeptWorker {
  readonly #ledger: Pick<Ledger, "add" | "remove">;
  readonly #name: LedgerName;
  readonly #mirror: Mirror;
  #entry: LedgerEntry;

  /** @param entry What a former hub has written of it. */
  constructor(
    ledger: Pick<Ledger, "add" | "remove">,
    name: LedgerName,
    mirror: Mirror,
    entry: LedgerEntry = ledger.add(name, mirror),
  ) {
    this.#ledger = ledger;
    this.#name = name;
    this.#mirror = mirror;
    this.#entry = entry;
  }

  /** Must be called before its mirror applies a piece of its layout. */
  hold(): void {
    this.#entry.hold();
  }

  /** Must be called with each piece of its layout, when its mirror has applied it. */
  addLayout(piece: unknown): void {
    // The mirror has checked it.
    this.#entry.addLayout(piece as LayoutPiece);
  }

  /** Must be called before its mirror is renewed. */
  renew(): void {
    if (this.#entry.renew()) return;
    this.remove();
    this.#entry = this.#ledger.add(this.#name, this.#mirror);
  }

  /** Must be called when its mirror has applied numbers. */
  addNumbers(): void {
    this.#entry.addNumbers();
  }

  /** Removes it from the ledger: it is retained now, or nothing is known of it. */
  remove(): void {
    this.#ledger.remove(this.#entry);
  }
}

/** The metrics of a worker: what this hub merges, and what the next one will know of them. */
export interface Mirrored {
  readonly mirror: Mirror;
  readonly kept: KeptWorker;
}

/** Applies a piece of its layout, in a turn of its own. */
export function applyLayout({ mirror, kept }: Mirrored, piece: unknown): void {
  kept.hold();
  mirror.applyLayout(piece);
  kept.addLayout(piece);
}

/** Applies its numbers, in a turn of their own. */
export function applyNumbers({ mirror, kept }: Mirrored, numbers: Omit<Snapshot, "layout">): void {
  mirror.applyNumbers(numbers);
  kept.addNumbers();
}

/** Begins anew with a whole layout; what was there counts until its numbers come. */
export function renew({ mirror, kept }: Mirrored): void {
  kept.renew();
  mirror.renew();
}
