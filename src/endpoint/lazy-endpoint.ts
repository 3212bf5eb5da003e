import { NOT_FOUND } from "../http/fixed-answers.ts";
import { andThen, type MaybePromise } from "../maybe-promise.ts";
import { CANNOT_JOIN, createEndpoint, type Endpoint, type EndpointParts } from "./endpoint.ts";

/**
 * Makes the endpoint of a handler that joins a group, and begins with that. Everything waits until the code of
 * groups is loaded, which is not part of the entry.
 */
export function createLazyEndpoint(parts: EndpointParts): Endpoint {
  let isReady = true;
  let current: MaybePromise<Endpoint> = import("./late-endpoint.ts")
    .then(({ joinAsHandler }) => joinAsHandler(parts))
    .catch((error: unknown) => {
      parts.log.error(CANNOT_JOIN, error);
      return createEndpoint(parts);
    })
    .then((endpoint) => {
      current = endpoint;
      return endpoint;
    });
  const on = <T>(use: (endpoint: Endpoint) => MaybePromise<T>) => andThen(current, use);
  return {
    scrape: (request) => on((endpoint) => endpoint.scrape(request)),
    page: (request) => on((endpoint) => endpoint.page(request)),
    targets: (head, path) => on((endpoint) => endpoint.targets?.(head, path) ?? NOT_FOUND),
    update: async (work) => on((endpoint) => endpoint.update(work)),
    setFailing: (message) => void on((endpoint) => endpoint.setFailing(message)),
    setOk: () => void on((endpoint) => endpoint.setOk()),
    // Whether this worker is ready is its own affair: nobody else answers for it.
    setReady(value) {
      isReady = value;
    },
    isReady: () => isReady,
    close: () => void on((endpoint) => endpoint.close()),
  };
}
