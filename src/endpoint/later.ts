/**
 * The endpoints of handlers whose code is not part of the entry: requests that come before it has been loaded
 * wait for it.
 */
import { NOT_FOUND } from "../http/fixed-answers.ts";
import { andThen, type MaybePromise } from "../maybe-promise.ts";
import type { Probe } from "../model/probe.ts";
import {
  CANNOT_JOIN,
  checkGrouped,
  createEndpoint,
  type Endpoint,
  type EndpointParts,
} from "./endpoint.ts";

/** The server that it is mounted in listens. */
const HANDLER = { address: undefined };

/**
 * Makes the endpoint of a handler that is to join the group of its application.
 *
 * @throws {TypeError} When a gatherer declares parameters.
 */
export function joinLater(parts: EndpointParts): Endpoint {
  checkGrouped(parts);
  const alone = createEndpoint(parts);
  const loading = import("./late-endpoint.ts").then(({ joinGroup }) =>
    joinGroup(parts, alone, HANDLER),
  );
  return orOwn(alone, loading, (error) => parts.log.error(CANNOT_JOIN, error));
}

/** Makes the endpoint of a handler that serves one probe. */
export function probeLater(probe: Probe, parts: Omit<EndpointParts, "gatherer">): Endpoint {
  const own = createEndpoint({ ...parts, gatherer: { gather: () => Promise.reject(NO_PROBE) } });
  const loading = import("./probe-now.ts").then(({ openProbe }) => openProbe(probe, own, parts));
  return orOwn(own, loading, (error) => parts.log.error("Cannot serve the probe", error));
}

const NO_PROBE = new Error("The probe cannot be served");

/**
 * @param own Says whether the application is ready, and answers if `loading` rejects.
 * @param onFailure Is told why.
 */
function orOwn(
  own: Endpoint,
  loading: Promise<Endpoint>,
  onFailure: (error: unknown) => void,
): Endpoint {
  let current: MaybePromise<Endpoint> = loading
    .catch((error: unknown) => {
      onFailure(error);
      return own;
    })
    .then((endpoint) => {
      current = endpoint;
      return endpoint;
    });
  const whenLoaded = <T>(use: (endpoint: Endpoint) => MaybePromise<T>): MaybePromise<T> =>
    andThen(current, use);
  return {
    scrape: (request) => whenLoaded(({ scrape }) => scrape(request)),
    page: (request) => whenLoaded(({ page }) => page(request)),
    targets: (head, mount) => whenLoaded(({ targets }) => targets?.(head, mount) ?? NOT_FOUND),
    update: async (work) => whenLoaded(({ update }) => update(work)),
    setFailing: (message) => void whenLoaded(({ setFailing }) => setFailing(message)),
    setOk: () => void whenLoaded(({ setOk }) => setOk()),
    setReady: own.setReady,
    isReady: own.isReady,
    close: () => whenLoaded(({ close }) => close()),
  };
}
