import { join } from "node:path";
import type {
  FamilyHead,
  LayoutPiece,
  Row,
  Snapshot,
} from "../../../src/gatherers/remote/snapshot.ts";
import { CompactLayout } from "../../../src/group/ledger/compact-layout.ts";
import { type KeptMirror, Ledger } from "../../../src/group/ledger/ledger.ts";
import type {
  LedgerEntry,
  LedgerName,
  NumbersSource,
} from "../../../src/group/ledger/ledger-entry.ts";
import { ownWorkerId } from "../../../src/group/worker-id.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

export const UID: number = process.geteuid?.() ?? 0;
export const KEY = "0123456789abcdef";
export const OWN: string = ownWorkerId();
export const DEAD = "4194304-1-0";
export const skip: string | false = process.platform === "win32" && "needs unix files";

export const COUNTER: FamilyHead = { name: "requests_total", help: "Requests.", type: "counter" };

/** What was applied to it, and what it has. */
export class FakeMirror implements KeptMirror {
  readonly layout: CompactLayout = new CompactLayout();
  readonly #totals = new Set<number>();
  applied: Omit<Snapshot, "layout"> | undefined;
  numbers: readonly number[] | undefined;
  order: readonly number[] = [1];

  applyLayout(piece: unknown): void {
    // Cast: it is what a ledger has read.
    const changes = piece as LayoutPiece;
    this.layout.apply(changes);
    for (const { id, head } of changes) if (head?.type === "counter") this.#totals.add(id);
  }

  keptId(id: number): number | undefined {
    return this.#totals.has(id) ? id : undefined;
  }

  applyNumbers(rest: Omit<Snapshot, "layout">): void {
    this.applied = rest;
    this.numbers = [...rest.numbers];
    this.order = rest.order;
  }

  takeNumbers(): ReturnType<NumbersSource["takeNumbers"]> {
    const { order, numbers } = this;
    return numbers && { order, numbers: new Float64Array(numbers) };
  }
}

/** A folder for ledgers. */
export interface Opened {
  readonly folder: string;
  readonly path: string;
  readonly errors: string[];
  /** Whether this process is the hub. */
  state: "ours" | "taken" | "gone";
  /** Makes its socket anew. */
  renew(): void;
  open(): Ledger;
}

/** Runs a test in a folder of its own. */
export function withLedger(test: (opened: Opened) => Promise<void>): Promise<void> {
  return withTempDir(async (folder) => {
    const errors: string[] = [];
    const opened: Opened = {
      folder,
      path: join(folder, `${KEY}.ledger`),
      errors,
      state: "ours",
      renew: () => {},
      open: () =>
        new Ledger({
          folder: { ledgerPath: folder, uid: UID },
          key: KEY,
          seat: {
            async check() {
              if (opened.state === "gone") opened.renew();
              return opened.state;
            },
            checkNow: () => opened.state,
          },
          log: {
            error: (message, error) => void errors.push(`${message}: ${error}`),
            settled: () => {},
          },
        }),
    };
    await test(opened);
  });
}

/** Lets a worker send changes of its layout. */
export function send(entry: LedgerEntry, mirror: FakeMirror, piece: LayoutPiece): void {
  mirror.applyLayout(piece);
  entry.addLayout(piece);
}

/** Rows with one label. */
export function rows(...values: readonly string[]): readonly Row[] {
  return values.map((value) => [0, value] as const);
}

/** A family with its rows. */
export function whole(
  id: number,
  values: readonly string[],
  head: FamilyHead = COUNTER,
): LayoutPiece {
  const shapes = [{ names: ["path"], bounds: [] }];
  return [{ id, head, shapes, splices: [{ at: 0, removed: 0, rows: rows(...values) }] }];
}

/** A worker with one counter. */
export function addWorker(
  ledger: Ledger,
  worker: string,
  values: Readonly<Record<string, number>>,
): { readonly mirror: FakeMirror; readonly entry: LedgerEntry } {
  const mirror = new FakeMirror();
  const entry = ledger.add({ worker, slot: worker === OWN ? 0 : 3 }, mirror);
  send(entry, mirror, whole(1, Object.keys(values)));
  mirror.numbers = Object.values(values);
  return { mirror, entry };
}

/** What a ledger has of a worker. */
export interface FoundWorker extends Partial<Omit<Snapshot, "layout">>, LedgerName {
  readonly layout: readonly LayoutPiece[];
}

/** Reads what the last hub has left. */
export async function readAll(ledger: Ledger): Promise<readonly FoundWorker[]> {
  const found = await ledger.read(() => new FakeMirror());
  return found.map(({ worker, slot, mirror }) => ({
    worker,
    slot,
    layout: [...mirror.layout.pieces()],
    ...mirror.applied,
  }));
}
