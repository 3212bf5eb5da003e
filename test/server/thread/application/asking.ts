import assert from "node:assert/strict";
import { MirroredFamilies } from "../../../../src/gatherers/remote/mirrored-families.ts";
import type { LayoutPiece } from "../../../../src/gatherers/remote/snapshot.ts";
import type { Gatherer } from "../../../../src/model/gatherer.ts";
import type { MetricFamily, ValueMetric } from "../../../../src/model/metric-family.ts";
import { UpdateLock } from "../../../../src/scrape/update-lock.ts";
import { OpenQuestion } from "../../../../src/server/thread/application/open-question.ts";
import {
  type ServedSource,
  SourceReader,
} from "../../../../src/server/thread/application/source-reader.ts";
import type { Anew, Answer, LayoutAhead, Want } from "../../../../src/server/thread/messages.ts";
import { NumbersReader } from "../../../../src/server/thread/shared-numbers.ts";

/** What a scrape asks for, beside what it asks for as a rule: everything, for a minute. */
export type Asked = Partial<Omit<Want, "type" | "source">>;

/** Makes a question for everything. */
export function wantOf(asked: Asked = {}): Want {
  return {
    type: "want",
    n: 1,
    source: 0,
    deadlineMs: Date.now() + 60_000,
    names: undefined,
    pickedSources: undefined,
    params: {},
    wantsDurations: false,
    ...asked,
  };
}

/** Makes a source without anything beside its gatherer. */
export function sourceOf(gatherer: Gatherer, details: Partial<ServedSource> = {}): ServedSource {
  return {
    path: "/metrics",
    gatherer,
    errorHandling: "fail",
    timeoutMs: 10_000,
    furtherFamilies: [],
    ...details,
  };
}

/** An answer as the thread gets it, and the values of its families: `name labels value`. */
export interface Got extends Answer {
  readonly lines: readonly string[];
}

/** A reader of one source, and what its thread has of it. */
export class Asking {
  readonly lock: UpdateLock = new UpdateLock();
  /** In the order in which they came. */
  readonly got: Got[] = [];
  /** The beginning of the next answer. */
  readonly ahead: LayoutPiece[] = [];
  readonly #reader: SourceReader;
  #mirrored = new MirroredFamilies();
  readonly #numbers = new NumbersReader();

  constructor(source: ServedSource) {
    this.#reader = new SourceReader(source, this.lock, (message, transfer = []) => {
      this.#take(structuredClone(message, { transfer: [...transfer] }));
    });
  }

  /** Asks, and returns the answer. */
  async ask(asked: Asked = {}, question: OpenQuestion = new OpenQuestion()): Promise<Got> {
    const want = wantOf(asked);
    question.deadlineMs = want.deadlineMs;
    await this.#reader.answer(want, question);
    const answer = this.got.find(({ n }) => n === want.n);
    assert.ok(answer !== undefined);
    return answer;
  }

  #take(answer: Answer | LayoutAhead | Anew): void {
    if (answer.type === "layout") {
      this.ahead.push(answer.piece);
      return;
    }
    if (answer.type === "anew") {
      this.ahead.length = 0;
      this.#mirrored = new MirroredFamilies();
      return;
    }
    const { snapshot, isSeparate } = answer;
    const layout = [...this.ahead.splice(0), ...snapshot.layout];
    const mirrored = isSeparate ? new MirroredFamilies() : this.#mirrored;
    const numbers = this.#numbers.take(snapshot.numbers);
    const steps = mirrored.apply({ ...snapshot, layout, numbers });
    let step = steps.next();
    while (!step.done) step = steps.next();
    this.got.push({ ...answer, lines: step.value.flatMap(linesOf) });
  }
}

function linesOf({ name, metrics }: MetricFamily): string[] {
  // The families of these tests have no others.
  return Array.from(metrics as Iterable<ValueMetric>, ({ labels, value }) =>
    [name, ...Object.values(labels), value].join(" "),
  );
}
