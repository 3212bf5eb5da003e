import { isReadOnce } from "../../../model/identity.ts";
import type { MetricFamily } from "../../../model/metric-family.ts";
import type { FormerRows } from "../former-totals.ts";
import { type FamilyHead, MAX_SHAPES } from "../snapshot.ts";
import {
  ChangeWriter,
  jsonBytes,
  rowBytes,
  type SizedChange,
  shapeBytes,
} from "./change-writer.ts";
import { Deduction } from "./deduction.ts";
import { type Edit, FamilyWalk, type KnownRows } from "./family-walk.ts";
import type { Pace } from "./pace.ts";
import { type Columns, Point } from "./point.ts";
import type { RowExtras } from "./row-extras.ts";
import { RowShapes } from "./row-shapes.ts";
import { RowTable } from "./row-table.ts";

/** How many shapes a family may have before it is sent anew without those that no row has. */
const MIN_WORN_SHAPES = 64;

/** What is known of one family that was sent, and how it is compared with what it has become. */
export class SentFamily {
  readonly id: number;
  readonly head: FamilyHead;
  readonly #known: { -readonly [Key in keyof KnownRows]: KnownRows[Key] };
  /** The object of the last walk; identities are compared only within one. */
  #family: MetricFamily | undefined;
  #isDescribed = false;
  #shapeCount = 0;
  #deduction: Deduction | undefined;

  constructor(id: number, head: FamilyHead, isTrusting: boolean) {
    this.id = id;
    this.head = head;
    this.#known = {
      table: new RowTable(),
      shapes: new RowShapes(),
      point: new Point(head.type, columnsOf(head)),
      hasIdentities: false,
      isTrusting,
    };
  }

  /** The rows as they were last described, with the numbers of the last walk. */
  get table(): RowTable {
    return this.#known.table;
  }

  /** Whether most shapes are of rows that have gone. */
  get isWorn(): boolean {
    const { shapes, table } = this.#known;
    const enough = Math.min(table.count * 2, MAX_SHAPES * 0.75);
    return shapes.all.length > Math.max(MIN_WORN_SHAPES, enough);
  }

  /**
   * Brings the rows up to date; pauses, but never within a metric.
   *
   * @returns What has changed, which the receiver must be told before it reads the numbers of the table;
   *   `undefined` if the rows need other columns, which they cannot get.
   */
  *update(
    family: MetricFamily,
    report: (reason: string) => void,
    pace: Pace,
  ): Generator<undefined, readonly SizedChange[] | undefined, undefined> {
    const known = this.#known;
    known.hasIdentities = family === this.#family;
    if (family.hasUniqueLabels !== true || isReadOnce(family.metrics)) known.isTrusting = false;
    // If the walk is given up, some identities are those of the one object, some of the other.
    this.#family = undefined;
    const walk = new FamilyWalk(known, family, report, pace);
    const hasColumns = yield* walk.run();
    if (!hasColumns) return undefined;
    const { edits, added } = walk;
    const table = edits.length === 0 ? known.table : yield* edited(known.table, walk, pace);
    const described: RowExtras[] = [];
    const changes = this.#isAsDescribed(table)
      ? NO_CHANGES
      : yield* this.#describe({ edits, added, table, described }, pace);
    // From here on nothing pauses: either all of it has happened, or nothing.
    known.table = table;
    for (const extras of described) extras.settle();
    this.#family = family;
    this.#isDescribed = true;
    this.#shapeCount = known.shapes.all.length;
    return changes;
  }

  /** Prepares to deduct what each source has counted elsewhere; yields where it may pause. */
  *deduct(sources: readonly FormerRows[], pace: Pace): Generator<undefined, void, undefined> {
    if (sources.length === 0) this.#deduction = undefined;
    else if (!this.#deduction?.isOf(sources)) this.#deduction = new Deduction(sources);
    yield* this.#deduction?.align(this.table, this.#known.shapes.all, pace) ?? [];
  }

  /** Writes the numbers of all rows to a list, where they begin at `at`. */
  writeNumbers(numbers: Float64Array, at: number): void {
    const { table, shapes } = this.#known;
    numbers.set(table.numbers.subarray(0, table.numberCount), at);
    this.#deduction?.apply(table, shapes.all, numbers, at);
  }

  /** Whether the receiver knows all of a table but its numbers; `false` where only a closer look can tell. */
  #isAsDescribed(table: RowTable): boolean {
    const { table: last, shapes } = this.#known;
    const isSame = table === last && shapes.all.length === this.#shapeCount;
    return this.#isDescribed && isSame && table.extras === undefined;
  }

  *#describe(
    { edits, added, table, described }: Description,
    pace: Pace,
  ): Generator<undefined, readonly SizedChange[], undefined> {
    const writer = new ChangeWriter(this.id);
    const { all } = this.#known.shapes;
    if (!this.#isDescribed) writer.head(this.head, headBytes(this.head));
    for (const shape of all.slice(this.#shapeCount)) writer.shape(shape, shapeBytes(shape));
    let shift = 0;
    for (const { at, removed, from, count } of edits) {
      writer.splice(at + shift, removed);
      for (const row of added.rows.slice(from, from + count)) {
        writer.row(row, rowBytes(row));
        if (pace.isOver(1)) yield;
      }
      shift += count - removed;
    }
    for (const [row, extras] of changedExtras(table)) {
      described.push(extras);
      extras.describeExemplars(row, writer);
      if (pace.isOver(1)) yield;
    }
    for (const [row, extras] of changedExtras(table)) extras.describeNative(row, writer);
    return writer.changes;
  }
}

const NO_CHANGES: readonly never[] = [];

interface Description {
  readonly edits: readonly Edit[];
  readonly added: RowTable;
  /** The table that the edits lead to. */
  readonly table: RowTable;
  /** Takes the extras that were described. */
  readonly described: RowExtras[];
}

function* changedExtras({ extras }: RowTable): Generator<[row: number, extras: RowExtras]> {
  if (extras === undefined) return;
  for (let row = 0; row < extras.length; row++) {
    const one = extras[row];
    if (one?.isChanged) yield [row, one];
  }
}

/** Makes the table that edits lead to; the old one stays as it is. */
function* edited(
  old: RowTable,
  { edits, added }: Pick<FamilyWalk, "edits" | "added">,
  pace: Pace,
): Generator<undefined, RowTable, undefined> {
  if (old.count === 0) return added;
  const table = new RowTable();
  const end: Edit = { at: old.count, removed: 0, from: added.count, count: 0 };
  let kept = 0;
  for (const { at, removed, from, count } of [...edits, end]) {
    for (; kept < at; kept += COPIED_ROWS) {
      table.append(old, kept, Math.min(kept + COPIED_ROWS, at));
      if (pace.isOver(COPIED_ROWS / 16)) yield;
    }
    table.append(added, from, from + count);
    kept = at + removed;
  }
  return table;
}

/** How many rows are copied without a pause. */
const COPIED_ROWS = 1_024;

function columnsOf({ hasTimestamps, hasStartTimestamps }: FamilyHead): Columns {
  return {
    hasTimestamps: hasTimestamps === true,
    hasStartTimestamps: hasStartTimestamps === true,
  };
}

/** At most how many bytes a head takes as JSON. */
export function headBytes({ name, help, unit = "", aggregator = "" }: FamilyHead): number {
  return [name, help, unit, aggregator].reduce((bytes, text) => bytes + jsonBytes(text), 160);
}
