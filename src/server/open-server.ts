import type { AddressInfo } from "node:net";
import {
  type Application,
  createEndpoint,
  type Endpoint,
  type EndpointParts,
} from "../endpoint/endpoint.ts";
import type { ServedPaths } from "../endpoint/served-paths.ts";
import { HEALTHY_PATH, READY_PATH } from "../http/routes.ts";
import type { Log } from "../log.ts";
import type { MaybePromise } from "../maybe-promise.ts";
import type { Gatherer } from "../model/gatherer.ts";
import { type ListenTarget, urlOf } from "../options/address.ts";
import type { Controls, ResolvedOptions } from "../options/options.ts";
import type { WorkerRole } from "../options/workers.ts";
import { createClosing } from "./closing.ts";
import { openPort, type Port, type PortParts } from "./listen/port.ts";
import { createRequestListener, type RequestContext } from "./requests.ts";
import type { Security } from "./security.ts";

/** The arguments of a server, checked and parsed. */
export interface ServerArguments {
  readonly gatherer: Gatherer;
  /** What is served beside it; absent without the option `paths`. */
  readonly paths?: ServedPaths | undefined;
  readonly target: ListenTarget;
  /** The address as it was given, for messages. */
  readonly label: string;
  readonly options: ResolvedOptions;
  readonly log: Log;
  /** Who may connect and ask; absent where everybody may. */
  readonly security?: Security | undefined;
  /** The application, where that is in another thread. */
  readonly application?: Application | undefined;
  /** Called when what the server says of itself may have changed; with the option `workers` only. */
  readonly onMoved?: (() => void) | undefined;
}

/** A server that serves, or a member of a group whose hub does. What it says may change. */
export interface OpenServer {
  readonly role: WorkerRole;
  readonly address: AddressInfo | string;
  readonly url: string;
  readonly closed: Promise<void>;
  readonly controls: Pick<Endpoint, keyof Controls>;
  /** Who may connect and ask; absent where everybody may. */
  readonly security?: Pick<Security, "isTls" | "reload"> | undefined;
  close(): Promise<void>;
}

/** How a server is spoken to. */
export function schemeOf({ security }: Pick<ServerArguments, "security">): "http" | "https" {
  return security?.isTls ? "https" : "http";
}

/** Opens what a server is made of. */
export interface Openers {
  readonly openEndpoint: (
    parts: EndpointParts,
    paths: ServedPaths | undefined,
  ) => MaybePromise<Endpoint>;
  /** @throws {ListenError} When the system refuses. */
  readonly openPort: (parts: PortParts, context: RequestContext) => Promise<Port>;
}

/** Those of a server that has one path and one port. */
const PLAIN: Openers = { openEndpoint: createEndpoint, openPort };

/**
 * Opens the server of one process.
 *
 * @throws {ListenError} When the address cannot be listened on.
 */
export async function openServer(
  parts: ServerArguments,
  openers: Openers = PLAIN,
): Promise<OpenServer> {
  const { gatherer, paths, options, log, security, application } = parts;
  let port: Port | undefined;
  const endpointParts = {
    gatherer,
    options,
    log,
    path: options.path,
    paths: [options.path, HEALTHY_PATH, READY_PATH].map((path) => ({ path })),
    connections: () => port?.connectionCount ?? 0,
    hasPage: options.landingPage,
    furtherFamilies: security?.families,
    application,
    lock: application?.lock,
  };
  const endpoint = await openers.openEndpoint(endpointParts, paths);
  const closing = createClosing(options, async () => port?.drain());
  const health = application?.health;
  const context = { options, endpoint, closing, log, guard: security?.guard, health };
  const onClosed = () => void closing.closeNow();
  const onRequest = createRequestListener(context);
  port = await openers.openPort({ ...parts, onRequest, onClosed, layer: security?.layer }, context);
  const { address, closed } = port;
  void closed.then(endpoint.close);
  const { close } = closing;
  const url = urlOf(address, options.path, schemeOf(parts));
  return { role: "alone", address, url, closed, controls: endpoint, security, close };
}
