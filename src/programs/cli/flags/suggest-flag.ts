import { nearestName } from "../suggest.ts";
import { FLAGS, SYNONYMS } from "./flag-table.ts";

/**
 * Finds the flag that somebody meant with one that does not exist.
 *
 * @param unknown The flag as `parseArgs` names it, with its dashes.
 * @param args The whole command line.
 */
export function suggestFlag(unknown: string, args: readonly string[]): string | undefined {
  // Of `-web.listen-address`, only `-w` is named.
  const written = /^-[^-]$/.test(unknown) ? args.find((arg) => arg.startsWith(unknown)) : unknown;
  const name = (written ?? unknown).replace(/=.*/s, "");
  const flags = new Map<string, string>(Object.entries(SYNONYMS));
  for (const flag of Object.keys(FLAGS)) {
    flags.set(lettersOf(flag), flag);
    flags.set(lettersOf(flag.replace(GROUP, "")), flag);
  }
  const names = [...flags.keys()];
  const nearest =
    nearestName(lettersOf(name), names) ?? nearestName(lettersOf(name.replace(GROUP, "")), names);
  return nearest === undefined ? undefined : flags.get(nearest);
}

const GROUP = /^-{0,2}\w+\./;

function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^a-z]/g, "");
}
