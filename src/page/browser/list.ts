import type { ListedFamily } from "../measure/list-families.ts";
import type { Element, PageDocument, PageWindow } from "./dom.ts";
import { count, draw, make, placeOf, visible, wordsOf } from "./elements.ts";

declare const document: PageDocument;
declare const window: PageWindow;

/** A family that may be shown. */
export interface Row {
  readonly name: string;
  readonly type: string;
  readonly sets: number;
  readonly series: number;
  /** What is searched, in lower case. */
  readonly text: string;
  /** Its row of the table; made when it is first shown. */
  element: Element | undefined;
  readonly listed: ListedFamily | undefined;
}

type Order = "name" | "type" | "sets" | "series";

/** Where the list of all families is: only the largest are in the page as it comes. */
type ListState = "absent" | "loading" | "whole" | "failed";

/** Searches and sorts the families. The address keeps what was typed: `#q=http&sort=name`. */
export class FamilyList {
  readonly #input: Element;
  readonly #output: Element;
  readonly #table = document.querySelector("#families");
  readonly #foot = document.querySelector("#families tfoot tr");
  readonly #own: readonly Row[] = Array.from(document.querySelectorAll("#own tbody tr"), rowOf);
  readonly #total = Number(this.#table?.dataset["families"] ?? 0);
  readonly #totalSeries = Number(this.#table?.dataset["series"] ?? 0) || 1;
  readonly #buttons = Array.from(document.querySelectorAll("#families [data-sort]"), (header) =>
    this.#buttonOf(header),
  );
  /** In the order in which they are shown. */
  #rows: readonly Row[] = Array.from(document.querySelectorAll("#families tbody tr"), rowOf);
  #state: ListState = this.#rows.length < this.#total ? "absent" : "whole";
  #order: Order = "series";
  readonly #maxShown: number;
  #shown: number;

  /** @param maxShown How many rows are shown at once. */
  constructor(form: Element, maxShown: number) {
    this.#input = form.querySelector("input") as Element; // they are in the form
    this.#output = form.querySelector("output") as Element;
    this.#maxShown = maxShown;
    this.#shown = maxShown;
    this.#input.addEventListener("input", () => this.#change());
    form.addEventListener("submit", (event) => event.preventDefault());
    window.addEventListener("hashchange", () => {
      this.#input.value = "";
      this.#restore();
    });
    form.hidden = false;
    this.#restore();
  }

  #buttonOf(header: Element) {
    const order = header.dataset["sort"] as Order;
    const button = make("button", header.textContent || "Type");
    button.setAttribute("type", "button");
    button.addEventListener("click", () => {
      this.#sort(order);
      this.#change();
    });
    header.replaceWith(button);
    return { order, button };
  }

  #restore(): void {
    const kept = new URLSearchParams(window.location.hash.slice(1));
    // A browser keeps what was typed when the page is loaded again.
    if (kept.has("q")) this.#input.value = kept.get("q") ?? "";
    const wanted = kept.get("sort");
    this.#sort(this.#buttons.find(({ order }) => order === wanted)?.order ?? "series");
    this.#change();
  }

  #sort(order: Order): void {
    this.#order = order;
    this.#rows = [...this.#rows].sort(comparatorOf(order));
    for (const other of this.#buttons) {
      other.button.setAttribute("aria-pressed", String(other.order === order));
    }
  }

  #change(): void {
    this.#shown = this.#maxShown;
    const isDefault = this.#input.value === "" && this.#order === "series";
    if (!isDefault && this.#state === "absent") void this.#load();
    this.#show();
    const kept = new URLSearchParams();
    if (this.#input.value !== "") kept.set("q", this.#input.value);
    if (this.#order !== "series") kept.set("sort", this.#order);
    const { pathname, search } = window.location;
    try {
      window.history.replaceState(null, "", pathname + search + (kept.size > 0 ? `#${kept}` : ""));
    } catch {
      // Safari allows it a hundred times in half a minute.
    }
  }

  /** Loads all families when somebody looks for one, because it may not be among the largest. */
  async #load(): Promise<void> {
    this.#state = "loading";
    try {
      const response = await fetch(placeOf("families"), { headers: { "Promhttp-Page": "1" } });
      const listed: unknown = await response.json();
      this.#rows = joinRows(this.#rows, listed as readonly ListedFamily[], this.#own);
      this.#state = "whole";
    } catch {
      this.#state = "failed";
    }
    this.#sort(this.#order);
    this.#show();
  }

  #show(): void {
    const words = wordsOf(this.#input.value);
    const isFound = ({ text }: Row) => words.every((word) => text.includes(word));
    const found = this.#rows.filter(isFound);
    const shown = found.slice(0, this.#shown);
    const elements = shown.map((row) => (row.element ??= elementOf(row, this.#totalSeries)));
    this.#table?.querySelector("tbody")?.replaceChildren(...elements);
    for (const row of this.#own) if (row.element) row.element.hidden = !isFound(row);
    if (words.length > 0 || this.#state === "whole") this.#showFoot(found.length - shown.length);
    const number = found.length + this.#own.filter(isFound).length;
    const all = (this.#state === "whole" ? this.#rows.length : this.#total) + this.#own.length;
    const note = {
      absent: "",
      whole: "",
      loading: " so far",
      failed: ", without the smaller ones",
    };
    const text = `${count(number)} of ${count(all)}${note[this.#state]}`;
    this.#output.textContent = words.length > 0 || this.#state === "failed" ? text : "";
  }

  #showFoot(others: number): void {
    if (this.#foot === null) return;
    this.#foot.hidden = others <= 0;
    const button = make("button", `Show more of ${count(others)} others`);
    button.addEventListener("click", () => {
      this.#shown += this.#maxShown;
      this.#show();
    });
    const cell = make("th");
    cell.append(button);
    this.#foot.replaceChildren(cell);
  }
}

/** Starts the search where there is something to search. */
export function startList(maxShown: number): void {
  const form = document.querySelector("[role=search]");
  if (form !== null) new FamilyList(form, maxShown);
}

/** Reads a row of the table that the server has made. */
export function rowOf(element: Element): Row {
  const [name, sets, series] = element.children as unknown as readonly [Element, Element, Element];
  const count = (cell: Element) => Number(cell.textContent?.replaceAll(",", ""));
  const link = name.querySelector("a");
  // A name that is too long has no link, and is not shown whole.
  const shown = name.querySelector("code")?.textContent ?? "";
  return {
    name: (link && new URLSearchParams(link.search).get("family")) || shown,
    type: name.querySelector(".type")?.textContent ?? "",
    sets: count(sets),
    series: count(series),
    text: (name.textContent ?? "").toLowerCase(),
    element,
    listed: undefined,
  };
}

/** Takes the rows of the whole list, and those that the table has already. */
export function joinRows(
  shown: readonly Row[],
  listed: readonly ListedFamily[],
  own: readonly Row[],
): Row[] {
  const known = new Map<string, Row>();
  for (const row of shown) known.set(row.name, row);
  const others = new Set(own.map(({ name }) => name));
  const rows: Row[] = [];
  for (const family of listed) {
    const [name, type, help, sets, series, labels] = family;
    if (others.has(name)) continue;
    const key = name.length > 200 ? `${visible(name.slice(0, 200))}…` : name;
    const text = [name, type, help, ...labels].join(" ").toLowerCase();
    const element = known.get(key)?.element;
    known.delete(key);
    rows.push({ name: key, type, sets, series, text, element, listed: family });
  }
  return rows;
}

/** Orders rows; the larger family first where they are equal. */
export function comparatorOf(order: Order): (a: Row, b: Row) => number {
  const byName = (a: Row, b: Row) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const bySeries = (a: Row, b: Row) => b.series - a.series || byName(a, b);
  if (order === "name") return byName;
  if (order === "sets") return (a, b) => b.sets - a.sets || bySeries(a, b);
  if (order === "series") return bySeries;
  return (a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : bySeries(a, b));
}

/** Makes the row of a family, as the server does. */
export function elementOf({ listed }: Row, totalSeries: number): Element {
  const cut = (text: string, length: number) =>
    text.length > length ? `${text.slice(0, length)}…` : text;
  const [name, type, help, sets, series, labels] = listed ?? ["", "", "", 0, 0, []];
  const row = make("tr");
  const head = make("th");
  head.setAttribute("scope", "row");
  const code = make("code", visible(cut(name, 200)));
  if (name.length > 200) head.append(code);
  else {
    const link = make("a");
    link.href = `?${new URLSearchParams({ family: name })}`;
    link.append(code);
    head.append(link);
  }
  head.append(" ", make("span", type, "type"));
  if (help !== "") {
    const paragraph = make("p", cut(help, 300));
    paragraph.dir = "auto";
    head.append(paragraph);
  }
  if (labels.length > 0) {
    const list = make("ul");
    for (const label of labels) {
      const item = make("li");
      item.append(make("code", visible(cut(label, 60))));
      list.append(item);
    }
    head.append(list);
  }
  const cell = make("td", count(series));
  const bar = draw("svg", { viewBox: "0 0 100 4", preserveAspectRatio: "none" });
  const width = ((100 * series) / totalSeries).toFixed(1);
  bar.append(draw("rect", { width, height: "4" }));
  cell.append(bar);
  row.append(head, make("td", count(sets), "sets"), cell);
  return row;
}
