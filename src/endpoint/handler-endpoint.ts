import { NOT_FOUND } from "../http/fixed-answers.ts";
import { andThen, loadOnce, type MaybePromise } from "../maybe-promise.ts";
import type { Gatherer } from "../model/gatherer.ts";
import type { Probe } from "../model/probe.ts";
import {
  CANNOT_JOIN,
  checkGrouped,
  createEndpoint,
  type Endpoint,
  type EndpointParts,
  type OwnEndpoint,
} from "./endpoint.ts";

/**
 * Makes the endpoint of a handler. With the option `workers` it joins the group of its application.
 *
 * @throws {TypeError} When a gatherer in a group declares parameters.
 */
export function createHandlerEndpoint(parts: EndpointParts): Endpoint {
  if (parts.options.workers === undefined) return createEndpoint(parts);
  checkGrouped(parts);
  const alone = createEndpoint(parts);
  const loading = import("./late-endpoint.ts").then(({ joinGroup }) =>
    joinGroup(parts, alone, { address: undefined }),
  );
  return endpointLater(loading, alone, (error) => parts.log.error(CANNOT_JOIN, error));
}

/** Makes the endpoint of a handler that serves a probe, in whichever process gets the request. */
export function createProbeHandlerEndpoint(
  probe: Probe,
  parts: Omit<EndpointParts, "gatherer">,
): Endpoint {
  const own = createEndpoint({ ...parts, gatherer: UNSERVED });
  const loading = import("./probes.ts").then(({ createProbeHandler }) =>
    createProbeHandler(probe, parts, own),
  );
  return endpointLater(loading, own, (error) => parts.log.error("Cannot serve the probe", error));
}

/** Stands in for a probe that cannot be served: its requests get 500. */
const UNSERVED: Gatherer = {
  gather() {
    throw new Error("The probe cannot be served");
  },
};

/**
 * Makes an endpoint whose code is not part of the entry: requests wait until it has been loaded.
 *
 * @param alone Holds whether the application is ready, and answers if the other cannot be loaded.
 */
function endpointLater(
  loading: Promise<Endpoint>,
  alone: OwnEndpoint,
  onFailure: (error: unknown) => void,
): Endpoint {
  const load = loadOnce(() =>
    loading.catch((error: unknown) => {
      onFailure(error);
      return alone;
    }),
  );
  void load();
  const whenLoaded = <T>(use: (endpoint: Endpoint) => MaybePromise<T>): MaybePromise<T> =>
    andThen(load(), use);
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
