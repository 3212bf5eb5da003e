import type { Mirror } from "../../gatherers/remote/mirror.ts";
import type { LayoutPiece } from "../../gatherers/remote/snapshot.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { LedgerEntry, LedgerName } from "../ledger/ledger-entry.ts";

/**
 * What the ledger holds of one worker. A worker that begins anew, because it has returned, is kept as it was
 * until its new numbers have come.
 */
export class KeptWorker {
  readonly #ledger: Pick<Ledger, "add" | "remove">;
  readonly #name: LedgerName;
  readonly #mirror: Mirror;
  #entry: LedgerEntry;
  /** As it was before it began anew. */
  #former: LedgerEntry | undefined;

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

  /** Must be called with each piece of its layout, when its mirror has applied it. */
  addLayout(piece: unknown): void {
    // The mirror has checked it.
    this.#entry.addLayout(piece as LayoutPiece);
  }

  /** Must be called before its mirror is renewed, which forgets what was written. */
  renew(): void {
    this.#entry.take();
    if (this.#former === undefined) this.#former = this.#entry;
    else this.#ledger.remove(this.#entry);
    this.#entry = this.#ledger.add(this.#name, this.#mirror);
  }

  /** Must be called when its mirror has applied numbers. */
  settle(): void {
    if (this.#former !== undefined) this.#ledger.remove(this.#former);
    this.#former = undefined;
  }

  /** Removes it from the ledger: it is retained now, or nothing is known of it. */
  remove(): void {
    this.settle();
    this.#ledger.remove(this.#entry);
  }
}
