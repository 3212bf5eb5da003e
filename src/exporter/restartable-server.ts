/** What closes a port. */
interface Closable {
  close(): Promise<void>;
}

/**
 * A server that is started and stopped any number of times, one after the other. Each waits for what
 * was called before, so that the port is free when it is opened again.
 */
export class RestartableServer<Server extends Closable> {
  readonly #open: () => Promise<Server>;
  #opening: Promise<Server> | undefined;
  #started: Promise<void> | undefined;
  #stopped: Promise<void> = Promise.resolve();
  #server: Server | undefined;

  /** @param open Opens the server; it may reject. */
  constructor(open: () => Promise<Server>) {
    this.#open = open;
  }

  /** The server while it is open. */
  get current(): Server | undefined {
    return this.#server;
  }

  /**
   * Starts the server, unless it has been started. Called again after a failure, it tries again.
   *
   * @returns One promise for all calls until it is stopped. It rejects when the server cannot be opened;
   *   that is never an unhandled rejection.
   */
  start(): Promise<void> {
    if (this.#started !== undefined) return this.#started;
    const opening = this.#stopped.then(this.#open);
    const started = opening.then((server) => {
      this.#server = server;
    });
    started.catch(() => {
      if (this.#started === started) this.#started = undefined;
    });
    this.#opening = opening;
    this.#started = started;
    return started;
  }

  /** Stops the server. It resolves when that is closed, at once if there is none, and never rejects. */
  stop(): Promise<void> {
    const opening = this.#opening;
    if (opening === undefined) return this.#stopped;
    this.#opening = undefined;
    this.#started = undefined;
    this.#stopped = opening.then(
      async (server) => {
        await server.close();
        if (this.#server === server) this.#server = undefined;
      },
      () => {},
    );
    return this.#stopped;
  }
}
