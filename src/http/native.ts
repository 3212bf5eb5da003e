/** The methods by which a response is sent. */
type Method = "writeHead" | "write" | "end";

/** The classes of Node that define them. */
const OWNERS: Readonly<Record<Method, readonly string[]>> = {
  writeHead: ["ServerResponse", "Http2ServerResponse"],
  write: ["OutgoingMessage", "Http2ServerResponse"],
  end: ["OutgoingMessage", "Http2ServerResponse"],
};

/** What has been found to be Node's own: to find it out takes 3 µs. */
const natives = new Set<unknown>();

/**
 * Whether a method of a response is Node's own, which does what Node documents. A middleware may have
 * replaced it, on the response or on a prototype; a proxy, an adapter or a mock has one of its own.
 */
export function isNative(response: object, name: Method): boolean {
  const method: unknown = (response as Readonly<Record<string, unknown>>)[name];
  if (natives.has(method)) return true;
  let owner: object | null = response;
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner);
  // Below the class itself, `constructor` is inherited.
  if (owner === null || !Object.hasOwn(owner, "constructor")) return false;
  const own = Object.getOwnPropertyDescriptor(owner, name)?.value;
  // Node names its functions after what they do; what replaces them on its own class seldom is.
  const isOwn =
    own === method && own.name === name && OWNERS[name].includes(owner.constructor.name);
  if (isOwn) natives.add(method);
  return isOwn;
}
