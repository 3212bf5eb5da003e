import { OVER } from "../../abort.ts";
import { isWhole } from "../../exposition/body.ts";
import { andThen, type MaybePromise } from "../../maybe-promise.ts";
import type { AnswerStatus, RecentScrape, ScrapeRequest, ScrapeResponse } from "../exchange.ts";

/** Four scrapers at 15 s fill it in a minute, which a person can still read. */
const MAX_SCRAPES = 20;

/** A client chooses its name, and it is kept. */
const MAX_USER_AGENT_LENGTH = 256;

/**
 * Remembers the last scrapes. Each is a small object, its answer and a listener beside those
 * that a scrape makes anyway.
 */
export class RecentScrapes {
  readonly #ring: Watched[] = [];
  #next = 0;

  /** Remembers a scrape: its request now, and its answer when that has been sent. */
  watch(
    request: ScrapeRequest,
    answer: (request: ScrapeRequest) => MaybePromise<ScrapeResponse | undefined>,
  ): MaybePromise<ScrapeResponse | undefined> {
    const watched = new Watched(request);
    this.#ring[this.#next] = watched;
    this.#next = (this.#next + 1) % MAX_SCRAPES;
    const answered = answer(request);
    return andThen(answered, (response) => watched.take(response));
  }

  /** The last scrapes, the newest first. */
  list(): readonly RecentScrape[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].reverse();
  }
}

class Watched implements RecentScrape {
  readonly startedAtMs: number = Date.now();
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  status: AnswerStatus | undefined;
  durationMs: number | undefined;
  bytes = 0;
  isBroken = false;
  readonly #startedAt = performance.now();

  constructor({ client }: ScrapeRequest) {
    // Now, because a socket that is closed has no address any more.
    this.address = client?.remoteAddress;
    this.userAgent = client?.header("user-agent")?.slice(0, MAX_USER_AGENT_LENGTH);
  }

  take(response: ScrapeResponse | undefined): ScrapeResponse | undefined {
    if (response === undefined) {
      this.isBroken = true;
      this.#stop();
      return undefined;
    }
    const { status, headers, body, signal } = response;
    this.status = status;
    const onOver = () => {
      if (signal.reason !== OVER) this.isBroken = true;
      this.bytes = isWhole(body) ? body.length : (body.sentBytes ?? 0);
      this.#stop();
    };
    if (signal.aborted) onOver();
    else signal.addEventListener("abort", onOver);
    const end: ScrapeResponse["end"] = (...failure) => {
      if (failure.length > 0) this.isBroken = true;
      response.end(...failure);
    };
    return { status, headers, body, signal, end };
  }

  #stop(): void {
    this.durationMs = performance.now() - this.#startedAt;
  }
}
