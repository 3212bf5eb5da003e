/**
 * The processes and threads of one application, as one target.
 *
 * They meet in a folder of their user (`meeting/`). Whoever has the socket there is the hub: it answers for
 * all, and opens the port. All others report to it over a connection each, whose end says at once that one
 * of them has died; when the hub dies, they elect another the same way. A scrape that comes to any of them is
 * passed on to the hub (`forwarding.ts`). `hub/` has what a hub knows, `member.ts` what a member does;
 * `part.ts` goes from one to the other. `local/` is what both have of this process.
 *
 * Nothing here keeps the process alive, except while it joins. No failure of the group reaches the
 * application once it has joined.
 */
import { messageOf } from "../errors.ts";
import { targetsAnswer } from "../http/targets.ts";
import type { Gatherer } from "../model/gatherer.ts";
import type { WorkersSettings } from "../options/workers.ts";
import type { WorkerReport } from "../scrape/exchange.ts";
import { UnavailableError } from "../scrape/failure.ts";
import type { Group, GroupConfig, Hosted, Role } from "./border.ts";
import { onExit } from "./environment.ts";
import { Forwarder, METRICS_PATH, PAGE_PATH } from "./forwarding.ts";
import { LocalWorker } from "./local/local-worker.ts";
import { Reported } from "./local/reported.ts";
import { meet } from "./meeting/meet.ts";
import type { Place } from "./messages.ts";
import { Part } from "./part.ts";

export type { Group, GroupConfig, Hosted, Role } from "./border.ts";
export type { Place } from "./messages.ts";

/** Makes the group as this process sees it. It does nothing before it joins. */
export function createGroup(config: GroupConfig): Group {
  return new OwnGroup(config);
}

/** A group, as requests and the application see it, whatever this process is in it. */
class OwnGroup implements Group {
  readonly gatherer: Gatherer;
  readonly scrape: Group["scrape"];
  readonly page: Group["page"];
  readonly #config: GroupConfig;
  readonly #settings: WorkersSettings;
  readonly #local: LocalWorker;
  readonly #forwarder: Forwarder;
  #hosted: Hosted | undefined;
  #part: Part | undefined;
  #isAlone = false;
  #stopWatchingExit = (): void => {};

  constructor(config: GroupConfig) {
    const { gatherer, options, log } = config;
    if (options.workers === undefined) throw new TypeError('Option "workers" is off');
    this.#config = config;
    this.#settings = options.workers;
    this.#local = new LocalWorker(gatherer, options, options.workers, log);
    this.#forwarder = new Forwarder({
      ...{ options, log },
      socketPath: () => this.#part?.socketPath ?? "",
    });
    this.gatherer = {
      gather: (context) => {
        if (this.#isAlone) return gatherer.gather(context);
        const lead = this.#part?.lead;
        if (lead !== undefined) return lead.gather(context);
        throw new UnavailableError("Another process answers for all workers now");
      },
    };
    const forwardScrape = this.#forwarder.scrapeOf(METRICS_PATH);
    this.scrape = (request) => {
      if (this.#isAlone) return this.#hosted?.scrape(request);
      return (this.#part?.lead?.scrape ?? forwardScrape)(request);
    };
    const forwardPage = this.#forwarder.scrapeOf(PAGE_PATH);
    this.page = (request) =>
      this.role === "member" ? forwardPage(request) : this.#hosted?.page(request);
  }

  get role(): Role {
    if (this.#isAlone) return "alone";
    return this.#part?.lead === undefined ? "member" : "hub";
  }

  get place(): Place | undefined {
    return this.#part?.place;
  }

  get lock(): LocalWorker["lock"] {
    return this.#local.lock;
  }

  async join(hosted: Hosted): Promise<void> {
    this.#hosted = hosted;
    const { options, log, address } = this.#config;
    const [settings, local] = [this.#settings, this.#local];
    let elected: Awaited<ReturnType<Part["stand"]>>;
    try {
      const meeting = meet(settings.group, address);
      const part = new Part({ meeting, hosted, local, settings, options, log });
      this.#part = part;
      local.reported = new Reported(meeting.key);
      this.#stopWatchingExit = onExit(() => part.leaveNow());
      elected = await part.stand();
    } catch (error) {
      // The folder cannot be used, or the group is closed already.
      if (!this.#part?.hasLeft) await this.#beAlone(error);
      return;
    }
    await this.#part.begin(elected);
  }

  /** Answers for this process only, as without the option. */
  async #beAlone(error: unknown): Promise<void> {
    this.#stopWatchingExit();
    this.#isAlone = true;
    if (this.#settings.patienceMs === Number.POSITIVE_INFINITY) return;
    this.#config.log.note(`Each worker is served for itself: ${messageOf(error)}`);
    await this.#hosted?.open();
  }

  async targets(head: Parameters<Group["targets"]>[0], path: string | undefined) {
    const slots = this.#part?.lead?.slots() ?? (await this.#forwarder.slots());
    return targetsAnswer(head, path, slots, this.#settings.label);
  }

  workers(): readonly WorkerReport[] {
    return this.#part?.lead?.reports() ?? [];
  }

  setFailing(message?: string): void {
    this.#local.setFailing(message);
  }

  setOk(): void {
    this.#local.setOk();
  }

  async close(): Promise<void> {
    await this.#part?.leave();
    this.#stopWatchingExit();
    this.#local.close();
    this.#forwarder.close();
  }
}
