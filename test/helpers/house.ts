import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";

/** An import in a source file: types and `import()` included. Paths are relative to `src/`. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** A row of one of the two tables of ARCHITECTURE.md. */
interface Row {
  /** The folders, each with a slash at its end, and files that the row is about. */
  readonly names: readonly string[];
  /** The files through which others enter. */
  readonly door: readonly string[];
  readonly mayImport: readonly string[];
}

/** In the row of a wing: the files of its room that lie in no wing. */
const GROUND_FLOOR = "ground floor";

/** What the two tables of ARCHITECTURE.md say. */
export interface House {
  readonly rooms: readonly Row[];
  readonly wings: readonly Row[];
}

/** Reads the tables of rooms and of wings: those whose first column is called so. */
export function readHouse(markdown: string): House {
  return { rooms: readTable(markdown, "room"), wings: readTable(markdown, "wing") };
}

function readTable(markdown: string, title: string): readonly Row[] {
  const [, table = ""] = markdown.split(new RegExp(`^\\| ${title} .*\\n\\|[ |-]*\\n`, "m"));
  const lines = table.split(/\n(?!\|)/)[0]?.split("\n") ?? [];
  return lines.map((line) => {
    const [, name = "", , door = "", mayImport = ""] = line.split("|");
    const names = quoted(name);
    const within = names.length === 1 && names[0]?.endsWith("/") ? names[0] : "";
    return {
      names,
      door: /every file/.test(door) ? names : quoted(door).map((file) => within + file),
      mayImport: /ground floor/.test(mayImport)
        ? [...quoted(mayImport), GROUND_FLOOR]
        : quoted(mayImport),
    };
  });
}

function quoted(cell: string): readonly string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = ""]) => name);
}

/** Lists every relative import of the TypeScript files in a folder. */
export function readArrows(folder: URL): readonly Arrow[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".ts"))
    .flatMap((from) => {
      const source = readFileSync(new URL(from, folder), "utf8");
      const specifiers = source.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
      return Array.from(specifiers, ([, specifier = ""]) => ({
        from,
        to: posix.join(posix.dirname(from), specifier),
      }));
    });
}

/** The arrows that the tables do not allow. */
export function forbiddenArrows(house: House, arrows: readonly Arrow[]): readonly Arrow[] {
  return arrows.filter((arrow) => !isAllowed(house, arrow));
}

function isAllowed({ rooms, wings }: House, { from, to }: Arrow): boolean {
  const room = rowOf(rooms, from);
  const target = rowOf(rooms, to);
  if (room === undefined || target === undefined) return false;
  const wing = rowOf(wings, from);
  const targetWing = rowOf(wings, to);
  if (room !== target) return mayEnter([...rooms, ...wings], room.mayImport, to);
  if (wing === targetWing) return true;
  // From the ground floor, a wing is entered only by its door.
  if (wing === undefined) return isIn(targetWing?.door ?? [], to);
  if (targetWing === undefined && wing.mayImport.includes(GROUND_FLOOR)) return true;
  return mayEnter(wings, wing.mayImport, to);
}

/** Whether a file is one of `allowed`, or a door of a room or a wing that is. */
function mayEnter(rows: readonly Row[], allowed: readonly string[], file: string): boolean {
  const doors = rows.filter(
    ({ names: [folder = ""] }) => folder.endsWith("/") && allowed.includes(folder),
  );
  return allowed.includes(file) || doors.some(({ door }) => isIn(door, file));
}

function rowOf(rows: readonly Row[], file: string): Row | undefined {
  return rows.find(({ names }) => isIn(names, file));
}

function isIn(names: readonly string[], file: string): boolean {
  return names.some((name) => (name.endsWith("/") ? file.startsWith(name) : file === name));
}

/** Finds files that import each other in a circle; `[]` when there are none. */
export function findCircle(arrows: readonly Arrow[]): readonly string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): readonly string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const { from, to } of arrows) {
      const circle = from === file ? visit(to) : [];
      if (circle.length > 0) return circle;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const { from } of arrows) {
    const circle = visit(from);
    if (circle.length > 0) return circle;
  }
  return [];
}
