import { NOT_FOUND } from "../http/fixed-answers.ts";
import { andThen } from "../maybe-promise.ts";
import { CANNOT_JOIN, createEndpoint, type Endpoint, type EndpointParts } from "./endpoint.ts";

/**
 * Makes the endpoint of a handler that joins a group, and begins with that. Until the code of groups is
 * loaded, which is no part of the entry, everything waits.
 */
export function createLazyEndpoint(parts: EndpointParts): Endpoint {
  let loaded: Endpoint | undefined;
  let isReady = true;
  const loading = import("./late-endpoint.ts")
    .then(({ joinAsHandler }) => joinAsHandler(parts))
    .catch((error: unknown) => {
      parts.log.error(CANNOT_JOIN, error);
      return createEndpoint(parts);
    })
    .then((endpoint) => {
      loaded = endpoint;
      return endpoint;
    });
  const endpoint = () => loaded ?? loading;
  const tell = (what: (endpoint: Endpoint) => void) => void andThen(endpoint(), what);
  return {
    scrape: (request) => andThen(endpoint(), ({ scrape }) => scrape(request)),
    page: (request) => andThen(endpoint(), ({ page }) => page(request)),
    targets: (head, path) =>
      andThen(endpoint(), ({ targets }) => targets?.(head, path) ?? NOT_FOUND),
    update: async (work) => (await loading).update(work),
    setFailing: (message) => tell(({ setFailing }) => setFailing(message)),
    setOk: () => tell(({ setOk }) => setOk()),
    // Whether this worker is ready is its own affair: nobody else answers for it.
    setReady(value) {
      isReady = value;
    },
    isReady: () => isReady,
    close: () => tell(({ close }) => close()),
  };
}
