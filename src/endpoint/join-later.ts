import { NOT_FOUND } from "../http/fixed-answers.ts";
import { andThen, type MaybePromise } from "../maybe-promise.ts";
import { CANNOT_JOIN, createEndpoint, type Endpoint, type EndpointParts } from "./endpoint.ts";

/** The server that it is mounted in listens. */
const HANDLER = { address: undefined };

/**
 * Makes the endpoint of a handler that is to join the group of its application. The code of groups is not
 * part of the entry: requests that come before it has been loaded wait for it.
 */
export function joinLater(parts: EndpointParts): Endpoint {
  const alone = createEndpoint(parts);
  let current: Endpoint | undefined;
  const loading = import("./late-endpoint.ts")
    .then(({ joinGroup }) => joinGroup(parts, alone, HANDLER))
    .catch((error: unknown) => {
      parts.log.error(CANNOT_JOIN, error);
      return alone;
    })
    .then((endpoint) => {
      current = endpoint;
      return endpoint;
    });
  const whenLoaded = <T>(use: (endpoint: Endpoint) => MaybePromise<T>): MaybePromise<T> =>
    andThen<Endpoint, T>(current ?? loading, use);
  return {
    scrape: (request) => whenLoaded(({ scrape }) => scrape(request)),
    page: (request) => whenLoaded(({ page }) => page(request)),
    targets: (head, own) => whenLoaded(({ targets }) => targets?.(head, own) ?? NOT_FOUND),
    update: async (work) => whenLoaded(({ update }) => update(work)),
    setFailing: (message) => void whenLoaded(({ setFailing }) => setFailing(message)),
    setOk: () => void whenLoaded(({ setOk }) => setOk()),
    setReady: alone.setReady,
    isReady: alone.isReady,
    close: () => whenLoaded(({ close }) => close()),
  };
}
