import { createEndpoint, type Endpoint, type EndpointParts } from "../../endpoint/endpoint.ts";
import { createGroupEndpoint, type GroupEndpoint } from "../../endpoint/group-endpoint.ts";
import { createLateEndpoint } from "../../endpoint/late-endpoint.ts";
import type { ServedPaths } from "../../endpoint/served-paths.ts";
import { ListenError } from "../../errors.ts";
import type { Place } from "../../group/group.ts";
import { HEALTHY_PATH, READY_PATH, TARGETS_PATH } from "../../http/routes.ts";
import { nodeModule } from "../../node.ts";
import { type ListenTarget, textOf, urlOf } from "../../options/address.ts";
import type { Controls } from "../../options/options.ts";
import { type Closing, createClosing } from "../closing.ts";
import type { Port, PortParts } from "../listen/port.ts";
import { type OpenServer, type ServerArguments, schemeOf } from "../open-server.ts";
import { createRequestListener, type RequestContext } from "../requests.ts";
import { OPENERS } from "./openers.ts";

/**
 * Opens the server of a process that is a worker of a group.
 *
 * Only the hub listens; a member reports to it, and opens the same address when it becomes the hub.
 * Another worker cannot open a file descriptor, or a server that listens already: there every worker
 * listens, and forwards to the hub.
 *
 * @throws {TypeError} When neither an address nor an option says which group it is.
 * @throws {ListenError} When the address cannot be listened on.
 */
export async function openInGroup(parts: ServerArguments): Promise<OpenServer> {
  const { gatherer, paths, target, options, log, security, application } = parts;
  const address = textOf(target);
  if (address === undefined && options.workers?.group === undefined) {
    throw new TypeError(
      'Option "workers.group" must name the group, because this server has no address that tells it',
    );
  }
  const ports = new Ports();
  const endpointParts: EndpointParts = {
    gatherer,
    options,
    log,
    path: options.path,
    paths: [options.path, HEALTHY_PATH, READY_PATH, TARGETS_PATH].map((path) => ({ path })),
    connections: () => ports.current?.connectionCount ?? 0,
    hasPage: options.landingPage,
    furtherFamilies: security?.families,
    application,
    lock: application?.lock,
  };
  const { alone, group, controls } = await openEndpoints(endpointParts, paths, address);
  // A member has no port that would keep the process alive, and the caller awaits the joining.
  const alive = setInterval(() => {}, KEEP_ALIVE_MS);
  let onClosed = (): void => {};
  const closed = new Promise<void>((resolve) => {
    onClosed = resolve;
  });
  const closing = createClosing(options, async () => {
    await ports.close();
    await group.leave();
    await group.close();
    clearInterval(alive);
    onClosed();
  });

  const worker: Worker = { parts, group, alone, controls, closing, ports };
  try {
    await (address !== undefined ? openAsHub(worker) : openInEach(worker));
  } catch (error) {
    await closing.closeNow();
    throw error;
  }
  if (options.unref) clearInterval(alive);
  return describe(worker, closed);
}

async function openEndpoints(
  parts: EndpointParts,
  paths: ServedPaths | undefined,
  address: string | undefined,
): Promise<Pick<Worker, "alone" | "group" | "controls">> {
  if (paths !== undefined) {
    const { createGroupEndpoints } = await import("../../endpoint/group-endpoints.ts");
    return createGroupEndpoints(parts, paths, address);
  }
  const alone = createEndpoint(parts);
  const group = createGroupEndpoint(parts, alone, { address });
  return { alone, group, controls: group };
}

/** The longest time that a timer can wait. */
const KEEP_ALIVE_MS = 2 ** 31 - 1;

/** What a port is opened with, except for what answers its requests. */
type PortsParts = Omit<PortParts, "onRequest">;

/** A server in the making. */
interface Worker {
  readonly parts: ServerArguments;
  readonly group: GroupEndpoint;
  /** The endpoint of this process, where there is no group. */
  readonly alone: Endpoint;
  readonly controls: Controls;
  readonly closing: Closing;
  readonly ports: Ports;
}

/** Joins the group, and listens whenever this process is its hub. */
async function openAsHub({ parts, group, closing, ports }: Worker): Promise<void> {
  const { options, log, security, application, onMoved } = parts;
  const { guard, layer } = security ?? {};
  const context = { options, endpoint: group, closing, log, guard, health: application?.health };
  await group.join({
    async open() {
      // Nobody else has the server, so nothing else closes it.
      const opening = ports.open({ ...parts, onClosed() {}, layer, sharing: "never" }, context);
      const { address } = await opening;
      onMoved?.();
      return placeOf(address, parts);
    },
    shut: () => ports.shut(),
  });
}

/** Listens, and joins the group, whatever this process is in it. Requests wait until it has joined. */
async function openInEach({ parts, group, alone, closing, ports }: Worker): Promise<void> {
  const { options, log, security } = parts;
  const { guard, layer } = security ?? {};
  let join = (_: Place): void => {};
  const joined = new Promise<Place>((resolve) => {
    join = resolve;
  }).then(async (place) => {
    await group.join({ open: async () => place, shut: async () => {} });
    return group;
  });
  const endpoint = createLateEndpoint(parts, alone, joined);
  const context = { options, endpoint, closing, log, guard };
  const onClosed = () => void closing.closeNow();
  const { address } = await ports.open({ ...parts, onClosed, layer, sharing: "allow" }, context);
  join(placeOf(address, parts));
  await joined;
}

/** The address at which a server is going to listen, as `net.Server.address()` would return it. */
function addressOf(target: ListenTarget): Place["address"] {
  if (target.kind === "unix") return target.path;
  if (target.kind !== "tcp") return "";
  const { host = "::", port } = target;
  return { address: host, port, family: nodeModule("node:net").isIPv4(host) ? "IPv4" : "IPv6" };
}

function placeOf(address: Place["address"], parts: ServerArguments): Place {
  return { address, url: urlOf(address, parts.options.path, schemeOf(parts)) };
}

function describe(
  { parts, group, controls, closing, ports }: Worker,
  closed: Promise<void>,
): OpenServer {
  const { target, options } = parts;
  // Until a hub has said where it is, it can only be where it is to be.
  let last = addressOf(target);
  const addressNow = () => {
    last = ports.current?.address ?? group.place?.address ?? last;
    return last;
  };
  return {
    get role() {
      return group.role;
    },
    get address() {
      return addressNow();
    },
    get url() {
      const { url } = group.place ?? {};
      return ports.current === undefined && url !== undefined
        ? url
        : urlOf(addressNow(), options.path, schemeOf(parts));
    },
    closed,
    controls,
    security: parts.security,
    close: closing.close,
  };
}

/** The port of a worker, which it may open and close several times. */
class Ports {
  #current: Port | undefined;
  /** The last opening; it never rejects. */
  #opening: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /** The port that is open. */
  get current(): Port | undefined {
    return this.#current;
  }

  /**
   * Opens the port.
   *
   * @throws {ListenError} When the system refuses.
   */
  async open(parts: PortsParts, context: RequestContext): Promise<Port> {
    if (this.#isClosed) throw new ListenError(parts.label, new Error("the server is closing"));
    const onRequest = createRequestListener(context);
    const opening = OPENERS.openPort({ ...parts, onRequest }, context);
    this.#opening = opening.catch(() => {});
    this.#current = await opening;
    return this.#current;
  }

  /** Closes the port, which may be opened again. */
  async shut(): Promise<void> {
    await this.#opening;
    const port = this.#current;
    this.#current = undefined;
    await port?.drain();
  }

  /** Closes the port for good. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.shut();
  }
}
