import { once } from "node:events";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { Sender } from "../../../../src/gatherers/remote/sender.ts";
import type { MetricFamily } from "../../../../src/model/metric-family.ts";
import { sharedNow } from "../../../../src/server/thread/environment.ts";
import { Heartbeat } from "../../../../src/server/thread/heartbeat.ts";
import type {
  Answer,
  FromApplication,
  FromServer,
} from "../../../../src/server/thread/messages.ts";
import { Conversation, isReply } from "../../../../src/server/thread/serving/conversation.ts";

/** A message of the server, by its type. */
export type Said<Type extends FromServer["type"]> = Extract<FromServer, { readonly type: Type }>;

/** The end of an application, which says only what its test lets it say. */
export class FakeApplication {
  readonly conversation: Conversation;
  readonly heartbeat: Heartbeat = new Heartbeat();
  /** What applies answers. */
  apply: (answer: Answer) => Promise<unknown> = async (answer) => answer;
  readonly #own: MessagePort;
  readonly #server: MessagePort;
  readonly #sender = new Sender();
  readonly #said: FromServer[] = [];

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#own = port1;
    this.#server = port2;
    this.conversation = new Conversation(port2, this.heartbeat, (answer) => this.apply(answer));
    port2.on("message", (message: FromApplication) => {
      if (isReply(message)) this.conversation.receive(message);
    });
    port1.on("message", (message: FromServer) => this.#said.push(message));
    this.heartbeat.ageMs = () => 0;
  }

  /** Waits for the next thing that the server says. */
  async next<Type extends FromServer["type"]>(type: Type): Promise<Said<Type>> {
    while (this.#said.length === 0) await once(this.#own, "message");
    const message = this.#said.shift() as FromServer;
    if (message.type !== type) throw new Error(`Expected ${type}, got ${message.type}`);
    return message as Said<Type>;
  }

  /** Whether everything that the server has said was taken. */
  get isSilent(): boolean {
    return this.#said.length === 0;
  }

  say(message: FromApplication): void {
    this.#own.postMessage(message);
  }

  /** Makes the answer to a question. */
  answerOf(n: number, families: readonly MetricFamily[], changes: Partial<Answer> = {}): Answer {
    const isPartial = changes.snapshot?.isPartial ?? false;
    const sender = changes.isSeparate ? new Sender() : this.#sender;
    const steps = sender.take(families, { isPartial, report: () => {} });
    let step = steps.next();
    while (!step.done) step = steps.next();
    const { numbers, ...snapshot } = step.value;
    const own = numbers.buffer as ArrayBuffer;
    return {
      type: "answer",
      n,
      source: 0,
      ...{ errors: [], sources: undefined, durations: [], faults: [] },
      isSeparate: false,
      readAtMs: sharedNow(),
      ...changes,
      snapshot: { ...snapshot, numbers: { count: numbers.length, own } },
    };
  }

  /** Answers the next question. */
  async answer(
    families: readonly MetricFamily[],
    changes?: Partial<Answer>,
  ): Promise<Said<"want">> {
    const want = await this.next("want");
    this.say(this.answerOf(want.n, families, changes));
    return want;
  }

  /** Makes its event loop look stuck. */
  freeze(): void {
    this.heartbeat.ageMs = () => Number.POSITIVE_INFINITY;
  }

  close(): void {
    this.#own.close();
    this.#server.close();
  }
}

/** Runs a test with an application. */
export async function withApplication(
  run: (application: FakeApplication) => Promise<void>,
): Promise<void> {
  const application = new FakeApplication();
  try {
    await run(application);
  } finally {
    application.close();
  }
}
