import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { Server } from "../../src/index.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { type Churn, ChurningRegistry, churn } from "../helpers/registries/churn.ts";
import {
  type ClientLibrary,
  EXEMPLAR_LIBRARIES,
  type LibraryMetric,
  type LibraryRegistry,
  OPENMETRICS_TYPE,
} from "../helpers/registries/libraries.ts";
import { scaleRuns } from "../helpers/scale-runs.ts";
import { createRecorder } from "../helpers/scraping/recorder.ts";
import { turns } from "../helpers/turns.ts";
import {
  normalizeBounds,
  type ParsedFamily,
  type ParsedSample,
  parseOpenMetrics,
  parseText,
  sampleKey,
} from "../judge/index.ts";

// Whatever an application does to its metrics, a server in a thread of its own serves what the library's
// `metrics()` returns at that moment. What is done while scrapes are under way tears no label set.

const TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A registry, and a server for it in a thread. What one case leaves in the thread is there for the next. */
class Subject {
  readonly registry: LibraryRegistry;
  readonly #library: ClientLibrary;
  readonly #recorder = createRecorder();
  #server: Server | undefined;

  constructor(library: ClientLibrary) {
    this.#library = library;
    this.registry = new library.Registry(OPENMETRICS_TYPE);
    after(async () => {
      await this.#server?.close();
      // Where a thread cannot start, the application serves itself, and says so.
      assert.deepEqual(this.#recorder.lines, []);
    });
  }

  /** Begins with metrics that have never been touched. */
  async begin(): Promise<ChurningRegistry> {
    this.registry.clear();
    this.registry.setDefaultLabels({});
    this.#server ??= await Server.listen(this.registry as never, "127.0.0.1:0", {
      thread: true,
      selfMetrics: false,
      logger: this.#recorder,
    });
    return new ChurningRegistry(this.#library, this.registry);
  }

  /** What the library itself says. */
  async text(): Promise<Comparable> {
    const { registry } = this;
    registry.setContentType(TEXT_TYPE);
    const text = await registry.metrics();
    registry.setContentType(OPENMETRICS_TYPE);
    return comparable(parseText(text, { lenient: true }));
  }

  /** It cuts off the suffix of a counter's name for good. */
  async openMetrics(): Promise<Comparable> {
    const metrics = this.registry.getMetricsAsArray() as LibraryMetric[]; // the types of the libraries forget it
    const names = metrics.map(({ name }) => name);
    const text = await this.registry.metrics();
    for (const [index, metric] of metrics.entries()) metric.name = names[index] ?? metric.name;
    return comparable(readOpenMetrics(text));
  }

  /** Everything that a scraper may ask for, at once. */
  async assertServesAll(): Promise<void> {
    const text = await this.text();
    const openMetrics = await this.openMetrics();
    const scrapes = [
      this.scrapeText().then((served) => assert.deepEqual(served, text)),
      this.scrapeText("?name[]=m1&name[]=m2").then((served) => {
        // A counter is asked for by its name in OpenMetrics, too.
        assert.deepEqual(
          served,
          text.filter(({ name }) => /^m[12](_total)?$/.test(name)),
        );
      }),
      this.#scrapeOpenMetrics().then((served) => assert.deepEqual(served, openMetrics)),
    ];
    await Promise.all(scrapes);
  }

  async #scrapeOpenMetrics(): Promise<Comparable> {
    const body = await this.#scrape("", { accept: "application/openmetrics-text;version=1.0.0" });
    return comparable(readOpenMetrics(body));
  }

  async scrapeText(query = ""): Promise<Comparable> {
    const body = await this.#scrape(query, {});
    return comparable(body.length === 0 ? [] : parseText(body));
  }

  async #scrape(query: string, headers: Readonly<Record<string, string>>): Promise<Buffer> {
    const { status, body } = await httpGet(`${this.#server?.url}${query}`, headers);
    assert.equal(status, 200, `${body}`);
    return body;
  }
}

type Comparable = ReturnType<typeof comparable>;

/** The families with their samples, and their exemplars, in an order that does not depend on that of the lines. */
function comparable(families: readonly ParsedFamily[]) {
  return normalizeBounds(families).map(({ name, type, help, samples }) => {
    const values = samples.map((sample) => [sampleKey(sample), readingOf(sample)] as const);
    return { name, type, help, values: values.sort(([left], [right]) => (left < right ? -1 : 1)) };
  });
}

function readingOf({ value, exemplar }: ParsedSample) {
  return exemplar === undefined ? value : { value, exemplar };
}

/** Without the rules that the libraries break: a counter may be without samples, say. */
function readOpenMetrics(body: Uint8Array | string): ParsedFamily[] {
  return parseOpenMetrics(body, { strictSemantics: false });
}

/** The parts of an exposition that must each be of one moment: label sets, with the head of their family. */
function piecesOf(families: Comparable): Set<string> {
  const pieces = new Map<string, unknown[]>();
  for (const { name, type, help, values } of families) {
    for (const [key, value] of values) {
      const labels = JSON.parse(key)
        .slice(1)
        .filter(([label]: [string]) => label !== "le" && label !== "quantile");
      const piece = JSON.stringify([name, type, help, labels]);
      pieces.set(piece, [...(pieces.get(piece) ?? []), key, `${value}`]);
    }
  }
  return new Set([...pieces].map(([piece, values]) => `${piece} ${values.join(" ")}`));
}

const rounds = fc.array(fc.array(churn, { maxLength: 12 }), { minLength: 2, maxLength: 6 });

/** What is done while scrapes are under way, some turns of the event loop after what was done before. */
const moves = fc.array(fc.tuple(fc.nat(6), churn), { minLength: 1, maxLength: 8 });
const busyRounds = fc.array(fc.record({ before: fc.array(churn, { maxLength: 12 }), moves }), {
  minLength: 1,
  maxLength: 4,
});

/** Does what is to be done, and returns what the library said before it and after each step. */
async function move(
  subject: Subject,
  churning: ChurningRegistry,
  steps: readonly [number, Churn][],
) {
  const states = [piecesOf(await subject.text())];
  for (const [count, step] of steps) {
    await turns(count);
    churning.apply(step);
    states.push(piecesOf(await subject.text()));
  }
  return states;
}

/** A fork of prom-client reads no other way. */
const SUBJECTS = EXEMPLAR_LIBRARIES.filter(({ name }) => !name.startsWith("@platformatic"));

for (const library of SUBJECTS) {
  const subject = new Subject(library);

  test(`a server in a thread serves metrics() of ${library.name} under churn`, async () => {
    const property = fc.asyncProperty(rounds, async (plan) => {
      const churning = await subject.begin();
      for (const steps of plan) {
        for (const step of steps) churning.apply(step);
        await subject.assertServesAll();
      }
    });
    await fc.assert(property, { numRuns: scaleRuns(15) });
  });

  test(`a server in a thread tears no label set of ${library.name}`, async () => {
    const property = fc.asyncProperty(busyRounds, async (plan) => {
      const churning = await subject.begin();
      for (const { before, moves: steps } of plan) {
        for (const step of before) churning.apply(step);
        const scrapes = Promise.all([subject.scrapeText(), subject.scrapeText()]);
        const states = await move(subject, churning, steps);
        const possible = new Set(states.flatMap((pieces) => [...pieces]));
        const lasting = [...possible].filter((piece) =>
          states.every((pieces) => pieces.has(piece)),
        );
        for (const served of (await scrapes).map(piecesOf)) {
          for (const piece of served) assert.ok(possible.has(piece), piece);
          for (const piece of lasting) assert.ok(served.has(piece), piece);
        }
        await subject.assertServesAll();
      }
    });
    await fc.assert(property, { numRuns: scaleRuns(10) });
  });
}
