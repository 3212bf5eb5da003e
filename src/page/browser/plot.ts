import type { Element, PageDocument, PageWindow } from "./dom.ts";
import { count, draw, make, placeOf, visible, wordsOf } from "./elements.ts";

declare const document: PageDocument;
declare const window: PageWindow;

/** A series, and what is known of its last minutes. */
interface Series {
  /** The last values, one for each point of time; `NaN` where it was missing. */
  values: number[];
  readonly isCounter: boolean;
  hasChanged: boolean;
  /** Whether the last scrape did not have it. */
  isGone: boolean;
  /** Its row of the table; made when it is first shown. */
  row: Element | undefined;
}

/** What the script works with; times are in milliseconds. */
interface PlotSettings {
  /** The time between two scrapes, at least. */
  readonly everyMs: number;
  /** The same after a failure. */
  readonly retryMs: number;
  /** How much of the past is plotted, in points. */
  readonly points: number;
  /** How many series are shown. */
  readonly rows: number;
}

/** Searches the series of a family, keeps their values up to date, and plots those that change. */
export class LiveSeries {
  readonly #settings: PlotSettings;
  readonly #family: string;
  readonly #type: string;
  readonly #input: Element;
  readonly #output: Element;
  readonly #body: Element;
  readonly #others = document.querySelector("#others");
  readonly #state: Element;
  readonly #known = new Map<string, Series>();
  readonly #times: number[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When it has scraped last, in milliseconds since the epoch. */
  #lookedAt = lastLookAt();
  #isRunning = false;

  constructor(form: Element, table: Element, settings: PlotSettings) {
    const { family = "", type = "" } = table.dataset;
    this.#settings = settings;
    this.#family = family;
    this.#type = type;
    // They are in the page with the table.
    this.#input = form.querySelector("input") as Element;
    this.#output = form.querySelector("output") as Element;
    this.#body = table.querySelector("tbody") as Element;
    this.#state = document.querySelector("#state") as Element;
    document.addEventListener("visibilitychange", () => this.#resume());
    this.#input.addEventListener("input", () => this.#show());
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    this.#resume();
  }

  #resume(): void {
    // Whoever goes from family to family does not scrape more often either.
    const dueAt = this.#lookedAt + this.#settings.everyMs;
    const waitMs = Math.min(Math.max(0, dueAt - Date.now()), this.#settings.everyMs);
    if (!this.#isRunning) this.#plan(waitMs);
  }

  #plan(waitMs: number): void {
    clearTimeout(this.#timer);
    if (document.visibilityState !== "visible") return;
    this.#timer = setTimeout(() => void this.#look(), waitMs);
  }

  /** Scrapes once, while somebody sees the page, and plans the next time. */
  async #look(): Promise<void> {
    if (this.#isRunning || document.visibilityState !== "visible") return;
    this.#isRunning = true;
    this.#lookedAt = Date.now();
    lastLookAt(this.#lookedAt);
    let waitMs = this.#settings.everyMs;
    try {
      const samples = samplesIn(await this.#scrape(), this.#family);
      if (samples.size > 0) {
        this.#take(samples, performance.now());
        this.#show();
      }
      this.#state.hidden = true;
    } catch (error) {
      waitMs = this.#settings.retryMs;
      const reason = error instanceof Error ? error.message : "no answer";
      this.#state.textContent = `There are no live values now: ${reason}.`;
      this.#state.hidden = false;
    }
    this.#isRunning = false;
    this.#plan(waitMs);
  }

  async #scrape(): Promise<string> {
    const response = await fetch(placeOf(new URLSearchParams({ "name[]": this.#family })), {
      headers: { Accept: "text/plain;version=0.0.4", "Promhttp-Page": "1" },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the process answers ${response.status}`);
    const type = response.headers.get("Content-Type") ?? "";
    if (/^text\/plain|^application\/openmetrics-text/.test(type)) return text;
    throw new Error("the process does not serve text");
  }

  #take(samples: ReadonlyMap<string, number>, now: number): void {
    this.#times.push(now);
    if (this.#times.length > this.#settings.points) this.#times.shift();
    const { length } = this.#times;
    for (const [name, value] of samples) {
      let series = this.#known.get(name);
      if (series === undefined) {
        const values = new Array<number>(length - 1).fill(Number.NaN);
        const isCounter = isCounterOf(this.#type, name);
        series = { values, isCounter, hasChanged: false, isGone: false, row: undefined };
        this.#known.set(name, series);
      }
      const last = series.values.at(-1) ?? Number.NaN;
      if (!Number.isNaN(last) && last !== value) series.hasChanged = true;
    }
    for (const [name, series] of this.#known) {
      const { values } = series;
      series.isGone = !samples.has(name);
      values.push(samples.get(name) ?? Number.NaN);
      if (values.length > length) values.shift();
      // It has been gone for all of the plot.
      if (series.isGone && values.every(Number.isNaN)) this.#known.delete(name);
    }
  }

  #show(): void {
    // Before the first scrape there is what the server has shown.
    if (this.#times.length === 0) return;
    const words = wordsOf(this.#input.value);
    const found = [...this.#known].filter(([name]) => {
      const text = name.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const shown = found.slice(0, this.#settings.rows).map(([name, series]) => {
      series.row ??= seriesRow(name);
      showSeries(series.row, series, this.#times, this.#settings.points);
      return series.row;
    });
    this.#body.replaceChildren(...shown);
    const total = count(this.#known.size);
    this.#output.textContent = words.length === 0 ? "" : `${count(found.length)} of ${total}`;
    if (this.#others === null) return;
    const others = found.length - shown.length;
    this.#others.hidden = others === 0;
    this.#others.textContent = `${count(others)} more. Search to see them.`;
  }
}

/** When this tab has scraped last, in milliseconds since the epoch; sets it, if it is given. */
export function lastLookAt(now?: number): number {
  const key = "promhttp-page-looked-at";
  try {
    if (now !== undefined) window.sessionStorage.setItem(key, String(now));
    return Number(window.sessionStorage.getItem(key));
  } catch {
    // The browser keeps nothing.
    return 0;
  }
}

/** Starts it where a family is shown that is small enough. */
export function startPlot(settings: PlotSettings): void {
  const form = document.querySelector("[role=search]");
  const table = document.querySelector("#series[data-family]");
  if (form !== null && table !== null) new LiveSeries(form, table, settings);
}

/** Reads the samples of a family in a text: a scrape of its name may have others, too. */
export function samplesIn(text: string, family: string): Map<string, number> {
  const samples = new Map<string, number>();
  const all = new Map<string, number>();
  let name = "";
  for (const line of text.split("\n")) {
    const header = /^# TYPE (\S+) /.exec(line);
    if (header !== null) name = header[1] ?? "";
    // A quoted value may have any character but a line feed: a brace, a `#`, a carriage return.
    const sample = /^([^#\s{]+(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?) (\S+)(?: |$)/s.exec(line);
    if (sample === null) continue;
    const [, series = "", value = ""] = sample;
    const read = Number(value.replace(/^([+-]?)Inf$/, "$1Infinity"));
    all.set(series, read);
    // A format that cannot express the name has another.
    if (name === family || `${name}_total` === family) samples.set(series, read);
  }
  return samples.size > 0 ? samples : all;
}

/** Whether a sample only grows, so that its rate tells more. */
export function isCounterOf(type: string, series: string): boolean {
  if (type === "counter") return true;
  return (
    (type === "histogram" || type === "summary") &&
    /^[^{]*_(?:bucket|sum|count)(?:\{|$)/.test(series)
  );
}

/** What is plotted of a series: its values, or how much a counter grows in a second. */
export function pointsOf(
  values: readonly number[],
  times: readonly number[],
  isCounter: boolean,
): readonly number[] {
  if (!isCounter) return values;
  return values.map((value, index) => {
    const [before = Number.NaN, from = 0, to = 0] = [
      values[index - 1],
      times[index - 1],
      times[index],
    ];
    // A counter that falls has been reset.
    return value < before ? Number.NaN : ((value - before) * 1_000) / (to - from);
  });
}

/** Draws a line of points in a box; a point that is missing breaks it. */
export function pathOf(
  points: readonly number[],
  slots: number,
  [width, height]: readonly [number, number],
): string {
  const finite = points.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const span = high - low || 1;
  let path = "";
  let isDrawing = false;
  for (const [index, point] of points.entries()) {
    if (Number.isFinite(point)) {
      const x = width - ((points.length - 1 - index) / (slots - 1)) * width;
      const y = high === low ? height / 2 : height - ((point - low) / span) * height;
      path += `${isDrawing ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    }
    isDrawing = Number.isFinite(point);
  }
  return path;
}

/** Makes the row of a series. */
export function seriesRow(name: string): Element {
  const row = make("tr");
  const head = make("th");
  head.setAttribute("scope", "row");
  head.append(make("code", visible(name)));
  row.append(head, make("td", "", "plot"), make("td"));
  return row;
}

/** Shows the last value of a series, and the plot of one that changes. */
export function showSeries(
  row: Element,
  series: Series,
  times: readonly number[],
  slots: number,
): void {
  const { values, isCounter, hasChanged, isGone } = series;
  const value = values.at(-1) ?? Number.NaN;
  const cell = row.lastElementChild;
  if (cell !== null) cell.textContent = isGone ? "gone" : readable(value);
  const plot = row.querySelector(".plot");
  if (!hasChanged || plot === null) return;
  const [width, height] = [160, 32];
  let [line, caption] = plot.children as unknown as readonly (Element | undefined)[];
  if (line === undefined || caption === undefined) {
    line = draw("svg", { viewBox: `0 -2 ${width} ${height + 4}`, role: "img" });
    line.append(draw("path"));
    caption = make("span");
    plot.replaceChildren(line, caption);
  }
  const points = pointsOf(values, times, isCounter);
  // The line has the whole width after a minute, and shows more of the past from then on.
  const inView = Math.max(slots / 5, points.length);
  line.firstElementChild?.setAttribute("d", pathOf(points, inView, [width, height]));
  line.setAttribute("aria-label", `${rangeOf(points, isCounter)} in the last minutes`);
  const last = points.at(-1) ?? Number.NaN;
  const rate = Number.isNaN(last) ? "" : `${brief(last)}/s`;
  caption.textContent = isCounter ? rate : rangeOf(points, false);
}

/** Says from where to where points go; infinities are points, too. */
export function rangeOf(points: readonly number[], isCounter: boolean): string {
  const present = points.filter((point) => !Number.isNaN(point));
  if (present.length === 0) return "Nothing";
  const unit = isCounter ? "/s" : "";
  return `${brief(Math.min(...present))}${unit} to ${brief(Math.max(...present))}${unit}`;
}

/** Writes a value in three digits: `922M`. Captions of one length keep the plots in one column. */
export function brief(value: number): string {
  const size = Math.abs(value);
  if (!(size >= 1e5 && size < 1e15)) return readable(value, 3);
  return value.toLocaleString("en-US", { notation: "compact", maximumSignificantDigits: 3 });
}

/**
 * Writes a value for a person to read.
 *
 * @param digits How many of a fraction; an integer has all.
 */
export function readable(value: number, digits = 6): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) return value.toExponential(3);
  const whole = Math.ceil(Math.log10(size + 1));
  const maximumSignificantDigits = Number.isInteger(value) ? 15 : Math.max(digits, whole);
  return value.toLocaleString("en-US", { maximumSignificantDigits });
}
