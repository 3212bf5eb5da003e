/** Which group a process belongs to: a hash of everything that its members must have in common. */
import { nodeModule } from "../../node.ts";
import type { Environment } from "../environment.ts";
import { type Application, applicationOf } from "./application.ts";
import { type Mark, readMark } from "./mark.ts";

/** What a process knows when it looks for its group. */
export interface GroupFacts {
  readonly environment: Environment;
  /** The name that the user has given to the group. */
  readonly group: string | undefined;
  /** The address as the user wrote it; `undefined` for a handler, which has none. */
  readonly address: string | undefined;
  /** The path of a group that is one beside that of the same name or address. */
  readonly path?: string | undefined;
}

/** Where a process finds its group. */
export interface GroupName {
  /** 16 hexadecimal digits, because the path of a socket must be short. */
  readonly key: string;
  /** The mark for the processes and threads that this one starts, once it knows its folder. */
  readonly mark: Mark;
  /** The mark in its environment, if that is meant for this process. */
  readonly inherited: Mark | undefined;
}

/** Finds the group of a process. */
export function findGroup(facts: GroupFacts): GroupName {
  const { environment, address, path } = facts;
  const application = applicationOf(environment);
  const inherited = markFor(environment, application);
  const name = facts.group ?? environment.group;
  const addressHash = hash([address ?? ""]);
  const place = [environment.uid ?? "", ...namespaces()];
  const mainKey =
    name !== undefined
      ? hash([...place, "group", name])
      : (inheritedKey(inherited, addressHash) ??
        hash([...place, "application", address ?? "", application.name]));
  const mark: Mark = {
    pid: environment.pid,
    package: packageHash(application),
    // Whoever inherits the mark derives that of a path in the same way.
    groups: [{ address: addressHash, key: mainKey }],
    folder: inherited?.folder,
  };
  const key = path === undefined ? mainKey : hash([mainKey, path]);
  return { key, mark, inherited };
}

/**
 * The mark in the environment, if it is meant for this process: any program that an application starts
 * inherits it.
 */
function markFor(environment: Environment, application: Application): Mark | undefined {
  const mark = readMark(environment.mark);
  if (mark === undefined) return undefined;
  // It comes from wherever somebody called pm2, unless it is that of this process, or of an instance that has
  // started it.
  const { pm2Name, pid, parentPid } = environment;
  if (pm2Name !== undefined && mark.pid !== pid && mark.pid !== parentPid) return undefined;
  const isRelated = mark.package !== "" && mark.package === packageHash(application);
  return environment.isOffspring || isRelated ? mark : undefined;
}

function packageHash(application: Application): string {
  return application.package === "" ? "" : hash([application.package]);
}

/**
 * The group that the parent is in. One process may be in several, so the address tells which. Handlers
 * have none: theirs is the first.
 */
function inheritedKey(mark: Mark | undefined, addressHash: string): string | undefined {
  if (mark === undefined) return undefined;
  const same = mark.groups.find(({ address }) => address === addressHash);
  if (same !== undefined) return same.key;
  const [first] = mark.groups;
  const hasNoAddress = (address: string) => address === NO_ADDRESS;
  const isOpen = hasNoAddress(addressHash) || (first && hasNoAddress(first.address));
  return isOpen ? first?.key : undefined;
}

/** Whose ids of processes mean the same, until when, and who could connect to each other's ports. */
function namespaces(): readonly string[] {
  const { readFileSync, readlinkSync } = nodeModule("node:fs");
  return [
    // A folder for temporary files may outlive a reboot.
    textOf(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    // Containers may share folders.
    textOf(() => readlinkSync("/proc/self/ns/net")),
    textOf(() => readlinkSync("/proc/self/ns/pid")),
  ];
}

function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    // Only Linux has it.
    return "";
  }
}

/**
 * A hash of 64 bits (FNV-1a). It only tells applications of one user apart, who are not kept from each
 * other. `node:crypto` would cost every process that inherits the preload 2 ms.
 */
function hash(parts: readonly (string | number)[]): string {
  let sum = 0xcbf2_9ce4_8422_2325n;
  // As JSON, so that no part can look like two.
  for (const byte of Buffer.from(JSON.stringify(parts))) {
    sum = BigInt.asUintN(64, (sum ^ BigInt(byte)) * 0x100_0000_01b3n);
  }
  return sum.toString(16).padStart(16, "0");
}

const NO_ADDRESS = hash([""]);
