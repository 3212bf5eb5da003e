import type { OutgoingHttpHeaders } from "node:http";
import { fileURLToPath } from "node:url";
import type { ServerOptions } from "../../../src/index.ts";
import { type HttpAnswer, httpGet } from "../http/http-get.ts";
import { eventually, type Reading, scrape } from "../workers/reading.ts";
import { type Exit, type Fixture, forkNode } from "./fork-fixture.ts";

const SCRIPT = fileURLToPath(new URL("../../fixtures/thread.mjs", import.meta.url));

/** How the application of `test/fixtures/thread.mjs` is started. */
export interface ThreadedOptions {
  /** The options of each server; `true` stands for a function. @default [{ thread: true }] */
  readonly servers?: readonly (ServerOptions | object)[];
  /** The heap that a thread may have, in MB. */
  readonly heapMb?: number;
  /** Flags of Node. */
  readonly flags?: readonly string[];
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Another program than this Node. */
  readonly program?: string;
}

/** An application that serves in a thread of its own, in another process. */
export class ThreadedApp {
  readonly #fixture: Fixture;
  readonly #urls: readonly string[];
  /** How many threads it has started. */
  readonly threads: number;

  private constructor(fixture: Fixture, urls: readonly string[], threads: number) {
    this.#fixture = fixture;
    this.#urls = urls;
    this.threads = threads;
  }

  static async start({
    servers = [{ thread: true }],
    heapMb,
    flags = [],
    env = {},
    program,
  }: ThreadedOptions = {}): Promise<ThreadedApp> {
    const limits = heapMb === undefined ? [] : [`${heapMb}`];
    const args = [...flags, SCRIPT, JSON.stringify(servers), ...limits];
    const fixture = forkNode(args, { env, ...(program !== undefined && { program }) });
    const urls = servers.map((_, index) => fixture.line(`listening ${index + 1} `));
    return new ThreadedApp(
      fixture,
      await Promise.all(urls),
      Number(await fixture.line("threads ")),
    );
  }

  /** Tells it what to do, and waits until it begins. */
  async tell(command: string): Promise<void> {
    this.#fixture.tell(command);
    await this.#fixture.line(`does ${command}`);
  }

  line(start: string): Promise<string> {
    return this.#fixture.line(start);
  }

  errorLine(pattern: RegExp): Promise<string> {
    return this.#fixture.errorLine(pattern);
  }

  /** Scrapes one of its servers. */
  scrape(server = 0): Promise<Reading> {
    return scrape(this.#urls[server] ?? "");
  }

  /** Scrapes until something has come about. While its thread is away, nobody answers. */
  eventually(what: string, isDone: (reading: Reading) => boolean): Promise<Reading> {
    return eventually(what, () => this.scrape(), isDone);
  }

  /** Asks one of its servers for any path. */
  get(path: string, server = 0, headers: OutgoingHttpHeaders = {}): Promise<HttpAnswer> {
    return httpGet(new URL(path, this.#urls[server]).href, headers);
  }

  /** Ends its input, which keeps it alive. */
  closeInput(): void {
    this.#fixture.closeInput();
  }

  /** Ends its input, and waits for its end. */
  exit(): Promise<Exit> {
    this.closeInput();
    return this.#fixture.exit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fixture.signal("SIGKILL");
    await this.#fixture.exit();
  }
}
