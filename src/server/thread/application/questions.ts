import { unlessAborted } from "../../../abort.ts";
import { isPromise, type MaybePromise, orElse } from "../../../maybe-promise.ts";
import { nodeModule } from "../../../node.ts";
import type { AuthOptions } from "../../../options/security.ts";
import type { Scrape } from "../../../scrape/exchange.ts";
import type { UpdateLock } from "../../../scrape/update-lock.ts";
import { callSoon } from "../../../timers.ts";
import { packError } from "../error-parcel.ts";
import type { Heartbeat } from "../heartbeat.ts";
import type { FromApplication, FromServer, Want } from "../messages.ts";
import { answerProbe } from "./answer-probe.ts";
import { OpenQuestion } from "./open-question.ts";
import { type ServedSource, SourceReader } from "./source-reader.ts";

/** What a server asks the application for. */
export interface Answering {
  readonly sources: readonly ServedSource[];
  /** By their paths. */
  readonly probes: ReadonlyMap<string, Scrape>;
  readonly authorize: AuthOptions["authorize"];
  readonly lock: UpdateLock;
  readonly heartbeat: Heartbeat;
}

/** Sends a message, and hands over the memory that comes with it. */
export type Post = (message: FromApplication, transferred?: readonly ArrayBuffer[]) => void;

/** A message of the server, by its type. */
type Asks<Type extends FromServer["type"]> = Extract<FromServer, { readonly type: Type }>;

type Question = Asks<"want" | "authorize" | "probe">;

/** A message that asks for something, or takes a question back, or asks for a beat only. */
export type Asking = Question | Asks<"abandon" | "knock">;

/** The questions of one thread. */
export class Questions {
  readonly #answering: Answering;
  readonly #post: Post;
  readonly #readers: readonly SourceReader[];
  readonly #open = new Map<number, OpenQuestion>();

  constructor(answering: Answering, post: Post) {
    this.#answering = answering;
    this.#post = post;
    this.#readers = answering.sources.map(
      (source) => new SourceReader(source, answering.lock, post),
    );
  }

  /** Takes a message. What was asked is answered later, or never, when nobody waits for it any longer. */
  take(message: Asking): void {
    // A loop that reads messages turns, whatever its timers do.
    this.#answering.heartbeat.beat();
    if (message.type === "knock") return;
    const { n } = message;
    if (message.type === "abandon") this.#open.get(n)?.abandon(message.isLate);
    // This loop was stuck meanwhile, and perhaps for hours: nobody needs as many answers as there were scrapes.
    else if (n >= this.#answering.heartbeat.firstOpen) this.#begin(message);
  }

  /** Abandons all, because their thread has ended. */
  close(): void {
    for (const question of this.#open.values()) question.abandon(false);
    this.#open.clear();
  }

  /** Answers a question, with an error if need be. What waits for nothing is answered before this returns. */
  #begin(message: Question): void {
    const { n, type } = message;
    const question = new OpenQuestion();
    const refuse = (error: unknown): void => {
      if (!question.isOver) this.#post({ type: "refused", n, error: packError(error) });
    };
    const answered = orElse(() => this.#answer(message, question), refuse);
    if (!isPromise(answered)) return;
    this.#open.set(n, question);
    void answered.then(() => this.#open.delete(n));
    if (type !== "want") return;
    // What is not answered within this turn of the loop is awaited, and not taken for stuck.
    callSoon(() => {
      if (this.#open.get(n) === question) this.#post({ type: "collecting", n });
    });
  }

  #answer(message: Question, question: OpenQuestion): MaybePromise<void> {
    if (message.type === "want") return this.#want(message, question);
    if (message.type === "probe") return this.#probe(message, question);
    return this.#authorize(message, question);
  }

  #want(want: Want, question: OpenQuestion): MaybePromise<void> {
    const { source, deadlineMs } = want;
    const reader = this.#readers[source];
    if (reader === undefined) throw new RangeError(`There is no source ${source}`);
    question.deadlineMs = deadlineMs;
    return reader.answer(want, question);
  }

  async #probe({ n, path, request }: Asks<"probe">, question: OpenQuestion): Promise<void> {
    const scrape = this.#answering.probes.get(path);
    if (scrape === undefined) throw new RangeError(`There is no probe at ${path}`);
    const response = await answerProbe(scrape, { ...request, signal: question.all });
    this.#post({ type: "probed", n, response }, response && [response.body.buffer]);
  }

  async #authorize(
    { n, request }: Asks<"authorize">,
    { all: signal }: OpenQuestion,
  ): Promise<void> {
    const { certificate: der, ...others } = request;
    const { X509Certificate } = nodeModule("node:crypto");
    const certificate = der && new X509Certificate(der);
    const decision: unknown = this.#answering.authorize?.({ ...others, certificate });
    // It may never settle.
    const isAllowed = await unlessAborted(Promise.resolve(decision), signal);
    this.#post({ type: "authorized", n, isAllowed: isAllowed === true });
  }
}
