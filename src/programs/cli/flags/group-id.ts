import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Finds the id of a group, which Node cannot look up.
 *
 * @param group Its name, or its id.
 * @returns `undefined` if there is no such group.
 */
export function groupIdOf(group: string): number | undefined {
  // group(5): the last value means "no group".
  if (/^\d+$/.test(group)) return Number(group) < 2 ** 32 - 1 ? Number(group) : undefined;
  // useradd(8). What does not begin with a letter could be an option of the program below.
  if (!/^[a-z_][\w.@$\\-]*$/i.test(group)) return undefined;
  return idIn(localGroups(), group) ?? idIn(namedGroup(group), group);
}

/** group(5): `name:password:id:members`. */
function idIn(lines: string, group: string): number | undefined {
  for (const line of lines.split("\n")) {
    const [name, , id = ""] = line.split(":");
    if (name === group && /^\d+$/.test(id)) return Number(id);
  }
  return undefined;
}

function localGroups(): string {
  try {
    return readFileSync("/etc/group", "utf8");
  } catch {
    return "";
  }
}

/** A group of the network, of LDAP for example, which only the C library finds. */
function namedGroup(group: string): string {
  try {
    return execFileSync("getent", ["group", group], {
      encoding: "utf8",
      timeout: 5_000,
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return "";
  }
}
