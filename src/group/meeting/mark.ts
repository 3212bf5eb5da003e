/**
 * The mark that a worker leaves in its environment, for the processes and threads that it starts.
 *
 * It is one text: the id of the process, a hash of the application's package, the groups that the process
 * is in, and the runtime folder, separated by semicolons. `nobody` means that no process of the
 * application can serve, and that one has said so.
 */

/** A group that a process is in. */
interface MarkedGroup {
  /** A hash of the address as it was written. */
  readonly address: string;
  readonly key: string;
}

/** What a mark says. */
export interface Mark {
  readonly pid: number;
  /** A hash of the package that the application belongs to; `""` if there is none. */
  readonly package: string;
  readonly groups: readonly MarkedGroup[];
  /** The folder in which the members meet; `undefined` if there is none. */
  readonly folder: string | undefined;
}

/** The mark of a process that has said why it cannot serve, or that waits for a client library. */
export const NOBODY = "nobody";

const MARK =
  /^(?<pid>[1-9]\d{0,9})(?:;(?<package>[0-9a-f]{16})?;(?<groups>[^;]*);(?<folder>[^\0]*))?$/;
const GROUP = /^([0-9a-f]{16})=([0-9a-f]{16})$/;

/** Reads a mark; `undefined` if there is none, or if it is `nobody`. */
export function readMark(text: string | undefined): Mark | undefined {
  const found = MARK.exec(text ?? "")?.groups;
  if (found === undefined) return undefined;
  const { pid, package: name = "", groups = "", folder = "" } = found;
  return {
    pid: Number(pid),
    package: name,
    groups: groups.split(",").flatMap((group) => {
      const [, address, key] = GROUP.exec(group) ?? [];
      return address === undefined || key === undefined ? [] : [{ address, key }];
    }),
    folder: folder === "" ? undefined : folder,
  };
}

/** Writes a mark. */
export function writeMark({ pid, package: name, groups, folder = "" }: Mark): string {
  const list = groups.map(({ address, key }) => `${address}=${key}`);
  return `${pid};${name};${list.join(",")};${folder}`;
}

/** Adds a group to a mark of the same process; another mark is replaced. */
export function addToMark(text: string | undefined, mark: Mark): string {
  const old = readMark(text);
  const others = old?.pid === mark.pid ? old.groups : [];
  const added = new Set(mark.groups.map(({ address }) => address));
  const groups = [...others.filter(({ address }) => !added.has(address)), ...mark.groups];
  return writeMark({ ...mark, groups });
}
