/**
 * The processes and threads of one application, as one target.
 *
 * They meet in a folder of their user (`meeting/`). The process that owns the socket there is the hub: it opens
 * the port, and answers for all. Each of the others is a member: it has one connection to the hub, which ends
 * when either of them dies. When the hub has died, the members elect another. A member forwards the scrapes
 * that it receives (`forwarding.ts`). `hub/` is what a hub does, `member.ts` what a member does, and `part.ts`
 * switches between the two. `local/` is this process as one worker, which it is in either role.
 *
 * Nothing here keeps the process alive, except while it joins. No failure of the group reaches the
 * application once it has joined.
 */
import { messageOf } from "../errors.ts";
import type { FixedAnswer } from "../http/fixed-answers.ts";
import type { RequestHead } from "../http/request-head.ts";
import { type OwnPlace, targetsAnswer } from "../http/targets.ts";
import type { Gatherer } from "../model/gatherer.ts";
import type { WorkerRole, WorkersSettings } from "../options/workers.ts";
import type { Scrape, WorkerReport } from "../scrape/exchange.ts";
import { UnavailableError } from "../scrape/failure.ts";
import { UpdateLock } from "../scrape/update-lock.ts";
import type { GroupConfig, Hosted } from "./border.ts";
import { onExit, onIdle } from "./environment.ts";
import { Forwarder } from "./forwarding.ts";
import { METRICS_PATH, PAGE_PATH } from "./hub-request.ts";
import { LocalWorker } from "./local/local-worker.ts";
import { Reported } from "./local/reported.ts";
import { meet } from "./meeting/meet.ts";
import type { Place } from "./messages.ts";
import { Part } from "./part.ts";

export type { GroupConfig, Hosted } from "./border.ts";
export type { Place } from "./messages.ts";

/**
 * A group, as this process sees it, whatever its role. It does nothing before it joins. With the setting
 * `application` it has no metrics there: it is the hub or may become it, and no worker.
 */
export class Group {
  /** Gathers from all workers while this process is the hub. */
  readonly gatherer: Gatherer;
  /**
   * Answers a scrape for all workers, or for the one that `?worker=` names, wherever the hub is. Where this
   * process is alone, it must not be asked.
   */
  readonly scrape: Scrape;
  /** The same for the page. */
  readonly page: Scrape;
  /** Must be given to the scrape handler of this process. */
  readonly lock: UpdateLock;
  readonly #config: GroupConfig;
  readonly #settings: WorkersSettings;
  /** `undefined` where this process has no metrics. */
  readonly #local: LocalWorker | undefined;
  readonly #sourceNames: Gatherer["sourceNames"];
  readonly #forwarder: Forwarder;
  #part: Part | undefined;
  #isAlone = false;
  #stopWatchingExit = (): void => {};

  constructor(config: GroupConfig) {
    const { gatherer, options, log, lock = new UpdateLock() } = config;
    if (options.workers === undefined) throw new TypeError('Option "workers" is off');
    this.#config = config;
    this.#settings = options.workers;
    this.lock = lock;
    if (options.workers.application === undefined) {
      this.#local = new LocalWorker({ ...config, lock }, options.workers);
    }
    this.#sourceNames = gatherer.sourceNames && [];
    this.#forwarder = new Forwarder({
      ...{ options, log },
      socketPath: () => this.#part?.socketPath ?? "",
    });
    this.gatherer = {
      sourceNames: this.#sourceNames,
      gather: (context) => {
        const lead = this.#part?.lead;
        if (lead !== undefined) return lead.gather(context);
        throw new UnavailableError("Another process answers for all workers now");
      },
    };
    const forwardScrape = this.#forwarder.scrapeOf(METRICS_PATH);
    this.scrape = (request) => (this.#part?.lead?.scrape ?? forwardScrape)(request);
    const forwardPage = this.#forwarder.scrapeOf(PAGE_PATH);
    this.page = (request) => (this.#part?.lead?.page ?? forwardPage)(request);
  }

  get role(): WorkerRole {
    if (this.#isAlone) return "alone";
    return this.#part?.lead === undefined ? "member" : "hub";
  }

  /** Where the hub answers; `undefined` while there is none, and for a handler. */
  get place(): Place | undefined {
    return this.#part?.place;
  }

  /**
   * Joins the group.
   *
   * @param hosted What this process does as the hub, and where there is no group. Without it, it never becomes
   *   the hub.
   * @throws What `open()` throws, if this process becomes the first hub or is alone.
   */
  async join(hosted?: Hosted): Promise<void> {
    const { options, log, address, path, isFurther = false, isStuck } = this.#config;
    if (this.#settings.application?.isAlone) return this.#beAlone(undefined, hosted);
    const patienceMs = hosted === undefined ? Number.POSITIVE_INFINITY : this.#settings.patienceMs;
    const settings = { ...this.#settings, patienceMs };
    const [local, sourceNames] = [this.#local, this.#sourceNames];
    let elected: Awaited<ReturnType<Part["stand"]>>;
    try {
      const { group } = settings;
      const meeting = meet({ group, address, path: isFurther ? path : undefined });
      const hasPort = address !== undefined && !isFurther;
      const canListen = hasPort && patienceMs !== Number.POSITIVE_INFINITY;
      const border = { meeting, hosted, canListen, local, isStuck, sourceNames };
      const part = new Part({ ...border, settings, options, log });
      this.#part = part;
      if (local !== undefined) local.reported = new Reported(meeting.key);
      const watches = [onExit(() => part.leaveNow()), onIdle(() => void local?.readLast())];
      this.#stopWatchingExit = () => {
        for (const stop of watches) stop();
      };
      elected = await part.stand();
    } catch (error) {
      // The folder cannot be used, or the group is closed already.
      if (!this.#part?.hasLeft) await this.#beAlone(error, hosted);
      return;
    }
    await this.#part.begin(elected);
  }

  /**
   * Answers for this process only, as without the option.
   *
   * @param error What is logged; `undefined` if it has been logged elsewhere.
   */
  async #beAlone(error: unknown, hosted: Hosted | undefined): Promise<void> {
    this.#stopWatchingExit();
    this.#isAlone = true;
    if (this.#settings.patienceMs === Number.POSITIVE_INFINITY) return;
    const line = "Cannot meet the other workers; this one is a target of its own";
    if (error !== undefined) this.#config.log.note(`${line}: ${messageOf(error)}`);
    await hosted?.open();
  }

  /**
   * Answers with the targets of the workers, for HTTP service discovery.
   *
   * @param own Where this server is; `undefined` for a mount.
   */
  async targets(head: RequestHead, own: OwnPlace | undefined): Promise<FixedAnswer> {
    const slots = this.#part?.lead?.slots() ?? (await this.#forwarder.slots());
    return targetsAnswer(head, own, slots, this.#settings.label);
  }

  /** The workers, for the page of the hub. */
  workers(): readonly WorkerReport[] {
    return this.#part?.lead?.reports() ?? [];
  }

  /** As `setFailing()` of `Controls`, for this worker. */
  setFailing(message?: string): void {
    this.#local?.setFailing(message);
  }

  /** As `setOk()` of `Controls`, for this worker. */
  setOk(): void {
    this.#local?.setOk();
  }

  /** Leaves the group: a hub after it has stopped listening. */
  async close(): Promise<void> {
    const last = this.#isAlone ? undefined : this.#local?.readLast();
    if (last !== undefined) await last;
    await this.#part?.leave();
    this.#stopWatchingExit();
    this.#local?.close();
    this.#forwarder.close();
  }
}
