import { LABELS_TOO_LONG, NOT_A_NUMBER, SAME_LABELS } from "../../../model/faults.ts";
import type { Metric, MetricFamily } from "../../../model/metric-family.ts";
import { type RunReader, runReaderOf } from "../../../model/metric-run.ts";
import type { Row } from "../snapshot.ts";
import { MAX_PART_BYTES, rowBytes } from "./change-writer.ts";
import type { Pace } from "./pace.ts";
import type { Point } from "./point.ts";
import { type Extras, extrasReader } from "./row-extras.ts";
import { isSameRow, type RowShapes, rowKey } from "./row-shapes.ts";
import { RowTable } from "./row-table.ts";

/** How many rows a run reads at most without a pause: about 0.1 ms. */
const RUN_ROWS = 1_024;

/** Replaces `removed` rows of the table from `at` on by `count` of the new ones from `from` on. */
export interface Edit {
  readonly at: number;
  removed: number;
  readonly from: number;
  count: number;
}

/** What is known of a family from the walks before. */
export interface KnownRows {
  readonly table: RowTable;
  readonly shapes: RowShapes;
  readonly point: Point;
  /** Whether the identities of the table are those of this family object. */
  readonly hasIdentities: boolean;
  /** Whether no two metrics can have the same row; ends with the first whose labels were altered. */
  isTrusting: boolean;
}

/** What must be made before a metric can be placed. */
type Need = "identities" | "keys" | "seen";

/** The result of placing a metric: a need, a fault, or nothing. */
type Placement = { readonly need: Need } | { readonly fault: string } | undefined;

/**
 * One walk through the metrics of a family, beside the rows of the last one.
 *
 * Numbers of rows that are still there are updated in place. What else has changed is noted as edits,
 * and nothing is lost when the walk is given up: the table stays as it was described.
 *
 * Hot path: `npm run bench:micro -- snapshot` measures it.
 */
export class FamilyWalk {
  readonly edits: Edit[] = [];
  /** The new rows. */
  readonly added: RowTable = new RowTable();
  readonly #known: KnownRows;
  readonly #family: MetricFamily;
  readonly #report: (reason: string) => void;
  readonly #pace: Pace;
  readonly #readExtras: ReturnType<typeof extrasReader>;
  /** The first row of the table that no metric has been found for yet. */
  #next = 0;
  /** Whether the metric before was recognised, so that the next one may be, too. */
  #isAligned = true;
  #byIdentity: Map<unknown, number> | undefined;
  #byKey: Map<string, number> | undefined;
  /** The keys of all rows that were met; only where two may be the same. */
  #seen: Set<string> | undefined;
  /** How many rows the last run has read. */
  #runRows = 0;
  readonly #changed: number[] = [];
  #hasReportedSame = false;

  constructor(
    known: KnownRows,
    family: MetricFamily,
    report: (reason: string) => void,
    pace: Pace,
  ) {
    this.#known = known;
    this.#family = family;
    this.#report = report;
    this.#pace = pace;
    this.#readExtras = extrasReader(family.type);
  }

  /** Walks; `false` when it has met a timestamp for which the rows have no column. */
  *run(): Generator<undefined, boolean, undefined> {
    const { point, hasIdentities } = this.#known;
    const reader = hasIdentities ? runReaderOf(this.#family.metrics) : undefined;
    if (reader !== undefined) {
      while (this.#readRun(reader)) if (this.#isRunOver()) yield;
    }
    for (const metric of reader ?? this.#family.metrics) {
      let placement = this.#read(metric);
      while (placement !== undefined && "need" in placement) {
        yield* this.#make(placement.need);
        // It may have changed meanwhile.
        placement = this.#read(metric);
      }
      if (point.lacksColumn) return false;
      const fault = placement?.fault ?? point.fault;
      if (fault !== undefined) this.#reportFault(fault);
      if (this.#pace.isOver(1)) yield;
      if (reader !== undefined && this.#isAligned) {
        while (this.#readRun(reader)) if (this.#isRunOver()) yield;
      }
    }
    this.#removeUpTo(this.#known.table.count);
    return true;
  }

  #reportFault(fault: string): void {
    // Like the encoders: one that lists the same labels again may do so with each metric.
    if (fault === SAME_LABELS && this.#hasReportedSame) return;
    if (fault === SAME_LABELS) this.#hasReportedSame = true;
    this.#report(fault);
  }

  /** Updates rows for as long as the next metrics are theirs; whether there may be more. */
  #readRun(reader: RunReader): boolean {
    const { table, point } = this.#known;
    const { columns } = point;
    const from = this.#next;
    if (from >= table.count || table.extras !== undefined || this.#seen !== undefined) return false;
    if (columns.hasTimestamps || columns.hasStartTimestamps) return false;
    const to = Math.min(from + RUN_ROWS, table.count);
    this.#runRows = reader.readRun({
      identities: table.identities,
      firstNumbers: table.firstNumbers,
      numbers: table.numbers,
      changed: this.#changed,
      from,
      to,
      shape: RUN_SHAPE,
      compare: (row, metric) => this.#update(row, metric),
    });
    this.#changed.length = 0;
    this.#next += this.#runRows;
    return this.#next === to;
  }

  /** Counts the last run; `true` when it is time for a pause. */
  #isRunOver(): boolean {
    return this.#pace.isOver(this.#runRows / 8);
  }

  /** Updates the numbers of a histogram that is known to be that of a row. */
  #update(row: number, metric: Metric): boolean {
    const { table, point } = this.#known;
    if (!point.read(metric) || point.fault !== undefined || point.lacksColumn) return false;
    if (point.length !== table.lengthOf(row)) return false;
    table.write(row, point.numbers);
    return true;
  }

  /** Reads a metric and finds its place, without a pause. */
  #read(metric: Metric): Placement {
    const { point } = this.#known;
    if (!point.read(metric)) return { fault: point.fault ?? NOT_A_NUMBER };
    return point.lacksColumn ? undefined : this.#place(metric);
  }

  #place(metric: Metric): Placement {
    const { table, shapes, point, hasIdentities } = this.#known;
    const { identity } = metric;
    const at = this.#next;
    if (hasIdentities && this.#seen === undefined && identity !== undefined) {
      const isSame = at < table.count && identity === table.identities[at];
      if (isSame && shapes.haveBounds(table.rows[at] as Row, point.bounds.values)) {
        this.#keep(at, metric);
        this.#isAligned = true;
        return undefined;
      }
    }
    const row = shapes.rowOf(metric.labels, point.bounds.values);
    if (typeof row === "string") return { fault: row };
    if (shapes.isAltered) this.#known.isTrusting = false;
    const found = this.#find(identity, row);
    if (typeof found !== "number") return found;
    if (this.#seen !== undefined || this.#mayBeSeen(found)) {
      if (at === 0 && this.edits.length === 0) this.#seen ??= new Set();
      if (this.#seen === undefined) return { need: "seen" };
      const { size } = this.#seen;
      if (this.#seen.add(rowKey(row)).size === size) return SAME;
    }
    this.#isAligned = found !== at;
    if (found >= 0) this.#keep(found, metric);
    else return this.#add(row, metric);
    return undefined;
  }

  /** Whether a metric before may have the row of one that is found at `found`. */
  #mayBeSeen(found: number): boolean {
    return !this.#known.isTrusting && found !== this.#next;
  }

  /** Finds the row of the table that a metric has, from the next one on; -1 if there is none. */
  #find(identity: unknown, row: Row): number | { readonly need: Need } {
    const { table, hasIdentities } = this.#known;
    const at = this.#next;
    if (at >= table.count) return -1;
    if (isSameRow(row, table.rows[at] as Row)) return at;
    if (hasIdentities && identity !== undefined) {
      if (this.#byIdentity === undefined) return { need: "identities" };
      const found = this.#byIdentity.get(identity) ?? -1;
      if (found >= at && isSameRow(row, table.rows[found] as Row)) return found;
    }
    if (this.#byKey === undefined) return { need: "keys" };
    const found = this.#byKey.get(rowKey(row)) ?? -1;
    return found >= at ? found : -1;
  }

  /** Makes what a metric could not be placed without. */
  *#make(need: Need): Generator<undefined, void, undefined> {
    const { table } = this.#known;
    if (need === "seen") {
      const seen = new Set<string>();
      for (const row of this.#met()) {
        seen.add(rowKey(row));
        if (this.#pace.isOver(0.5)) yield;
      }
      this.#seen = seen;
      return;
    }
    const byKey = new Map<string, number>();
    const byIdentity = new Map<unknown, number>();
    for (let row = this.#next; row < table.count; row++) {
      if (need === "keys") byKey.set(rowKey(table.rows[row] as Row), row);
      else byIdentity.set(table.identities[row], row);
      if (this.#pace.isOver(0.5)) yield;
    }
    if (need === "keys") this.#byKey = byKey;
    else this.#byIdentity = byIdentity;
  }

  /** The rows that metrics have been found for, or that were added. */
  *#met(): Generator<Row, void, undefined> {
    const { table } = this.#known;
    let at = 0;
    for (const edit of [...this.edits, { at: this.#next, removed: 0 }]) {
      for (; at < edit.at; at++) yield table.rows[at] as Row;
      at += edit.removed;
    }
    yield* this.added.rows;
  }

  #keep(at: number, metric: Metric): void {
    const { table, point } = this.#known;
    this.#removeUpTo(at);
    this.#next = at + 1;
    // A fault is reported each time, so a run must not read what has one.
    table.identities[at] = point.fault === undefined ? metric.identity : undefined;
    table.write(at, point.numbers);
    this.#updateExtras(table, at, metric);
  }

  #add(row: Row, metric: Metric): Placement {
    const { point } = this.#known;
    if (rowBytes(row) > MAX_PART_BYTES) return { fault: LABELS_TOO_LONG };
    const { added } = this;
    const last = this.edits.at(-1);
    if (last !== undefined && last.at + last.removed === this.#next) last.count++;
    else this.edits.push({ at: this.#next, removed: 0, from: added.count, count: 1 });
    const identity = point.fault === undefined ? metric.identity : undefined;
    added.add(row, identity, point.numbers, point.length);
    this.#updateExtras(added, added.count - 1, metric);
    return undefined;
  }

  #removeUpTo(end: number): void {
    const removed = end - this.#next;
    if (removed === 0) return;
    const last = this.edits.at(-1);
    if (last !== undefined && last.at + last.removed === this.#next) last.removed += removed;
    else this.edits.push({ at: this.#next, removed, from: this.added.count, count: 0 });
    this.#next = end;
  }

  #updateExtras(table: RowTable, at: number, metric: Metric): void {
    const { point } = this.#known;
    const extras = this.#readExtras?.(metric, point.bounds.indexes);
    const fault = extras?.fault;
    if (fault !== undefined) point.fault = fault;
    if (extras === undefined && table.extras?.[at] === undefined) return;
    table.extrasAt(at).update(extras ?? NO_EXTRAS);
  }
}

const SAME: Placement = { fault: SAME_LABELS };

/** Exemplars are compared one by one. */
const RUN_SHAPE = { hasExemplars: true, countFromEnd: 2, sumFromEnd: 1 } as const;

const NO_EXTRAS: Extras = { exemplars: [], native: undefined, fault: undefined };
