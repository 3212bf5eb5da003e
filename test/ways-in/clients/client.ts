/** A request of a scraper to the path of the metrics. */
export interface ClientRequest {
  /** @default "GET" */
  readonly method?: string;
  /** What follows the path, with its question mark. */
  readonly query?: string;
  /** By names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A response, or what came of it. */
export interface ClientResponse {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As it was sent: nothing is decompressed. */
  readonly body: Buffer;
  /** Whether the protocol says that this is the whole body. */
  readonly isComplete: boolean;
}

/** A request that was sent. */
export interface Exchange {
  /** Waits until more than so many bytes have come. */
  received(bytes: number): Promise<void>;
  /** Reads on only after `resume()`. */
  pause(): void;
  resume(): void;
  /** Disconnects. */
  leave(): void;
  /** Waits for the end of the response, or until it is cut off. */
  response(): Promise<ClientResponse>;
}

/** One connection of a scraper, whatever it speaks; its requests come one after the other. */
export interface Client {
  send(request?: ClientRequest): Promise<Exchange>;
  close(): void;
}

/** Sends a request, and waits for its response. */
export async function get(client: Client, request: ClientRequest = {}): Promise<ClientResponse> {
  const exchange = await client.send(request);
  return exchange.response();
}
