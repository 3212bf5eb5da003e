/** How a worker is started by another one. */
export type Kind = "cluster" | "fork" | "thread";

/** An instrument of OpenTelemetry. */
export type InstrumentKind = "counter" | "upDownCounter" | "gauge" | "histogram";

type Labels = Readonly<Record<string, string>>;

/** A number that JSON lacks is written as text. */
type Value = number | "NaN" | "Infinity" | "-Infinity";

/** Options that can be written as JSON. */
type Options = Readonly<Record<string, unknown>>;

/** What a worker does, and where the hub is. */
export interface WorkerState {
  readonly role: string;
  readonly url: string;
}

/** What `test/fixtures/workers/actions.mjs` can do, with what each takes and returns. */
export interface Actions {
  start(kind: Kind, name: string): void;
  awaitChildren(count: number): void;
  terminate(name: string): void;
  useAnotherCopy(name: string): void;
  useOpenTelemetry(): void;
  record(kind: InstrumentKind, name: string, value: number): void;
  shutdownProvider(): void;
  listen(address: string, options: Options): WorkerState;
  incAt(path: string, name: string, by: number): void;
  setFailing(message: string): void;
  state(): WorkerState;
  close(): void;
  terminateServer(): void;
  attend(options: Options): void;
  closeHandler(): void;
  serve(port: number, options: Options): void;
  inc(name: string, by?: number, labels?: Labels): void;
  count(worker: string, by: number): void;
  set(name: string, value: Value, aggregator?: string): void;
  observe(name: string, value: number, buckets: readonly number[]): void;
  summarize(name: string, value: number): void;
  incWithExemplar(name: string, traceId: string): void;
  inform(name: string, version: string): void;
  incOddly(name: string): void;
  reset(name: string): void;
  remove(name: string, labels: Labels): void;
  setDefaultLabels(labels: Labels): void;
  collectDefaults(): void;
  own(): string;
  collect(name: string, way: "value" | "count" | "throw" | "hang"): void;
  collectAfter(name: string, path: string): void;
  awaitCollectors(count: number): void;
  block(path: string, sign: string): void;
  send(message: unknown): void;
  messages(): readonly unknown[];
  awaitMessages(count: number): readonly unknown[];
  outlive(): void;
  exit(code?: number): void;
  idle(): void;
  throw(): void;
}
