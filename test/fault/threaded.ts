import type { ThreadedSettings } from "../fixtures/threaded-application.ts";
import type { RawResponse } from "../helpers/http/parse-response.ts";
import { RawConnection } from "../helpers/http/raw-connection.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { type Fixture, forkFixture } from "../helpers/processes/fork-fixture.ts";

/** An application in a process of its own, whose server lives in a thread. */
export interface Threaded extends Fixture {
  readonly port: number;
  /** Scrapes it. */
  scrape(path?: string, headers?: readonly string[]): Promise<RawResponse>;
  /** Opens a connection, which is closed after the test. */
  connect(): Promise<RawConnection>;
  /** Blocks its event loop; resolves when it is blocked. */
  block(ms: number): Promise<void>;
}

/** Runs a test with an application of its own, and kills it afterwards if it still runs. */
export async function withThreaded(
  settings: ThreadedSettings,
  test: (application: Threaded) => Promise<void>,
): Promise<void> {
  const options = { logger: false, ...settings.options };
  const child = forkFixture("threaded-application.ts", [JSON.stringify({ ...settings, options })]);
  const connections: RawConnection[] = [];
  try {
    const { port } = JSON.parse(await child.line("listening "));
    await test({
      ...child,
      port,
      scrape: (path = "/metrics", headers = []) => rawRequest(port, request(path, { headers })),
      connect() {
        const connection = new RawConnection(port);
        connections.push(connection);
        return connection.opened();
      },
      async block(ms) {
        child.tell(`block ${ms}`);
        await child.line("blocks");
      },
    });
  } finally {
    for (const { socket } of connections) socket.destroy();
    child.signal("SIGKILL");
    await child.exit();
  }
}
