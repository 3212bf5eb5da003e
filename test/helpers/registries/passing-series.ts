import type * as PromClient from "prom-client";

type Client = Pick<typeof PromClient, "Counter" | "Gauge" | "Histogram" | "Registry">;

/** A registry whose series come and go. */
export interface PassingSeries {
  readonly registry: PromClient.Registry;
  /** Changes a tenth of the values. */
  touch(): void;
  /** Removes half of the series, and adds as many that have never been there. */
  exchange(): void;
}

const LINES_PER_HISTOGRAM = 14;

/** How many label sets a family has at the most. */
const SETS_PER_FAMILY = 5_000;

/** All ids have the same number of digits: a label that gets longer takes more memory. */
const FIRST_ID = 10_000_000;

/** Makes `lines` lines of a service: half of them of histograms, 40 % counters, 10 % gauges. */
export function createPassingSeries(client: Client, lines: number): PassingSeries {
  const registry = new client.Registry();
  const families = [
    ...sizes((lines * 0.5) / LINES_PER_HISTOGRAM).map((sets, index) =>
      histogramOf(client, registry, `seconds_${index}`, sets),
    ),
    ...sizes(lines * 0.4).map((sets, index) =>
      counterOf(client, registry, `requests_${index}_total`, sets),
    ),
    ...sizes(lines * 0.1).map((sets, index) =>
      gaugeOf(client, registry, `fill_ratio_${index}`, sets),
    ),
  ];
  return {
    registry,
    touch: () => families.forEach(touchTenth),
    exchange: () => families.forEach(exchangeHalf),
  };
}

interface Family {
  /** The ids of its label sets; the oldest comes first. */
  ids: number[];
  nextId: number;
  /** How many exchanges there were. */
  exchanges: number;
  /** Changes a value, or adds a series. */
  readonly change: (id: number) => void;
  readonly remove: (id: number) => void;
}

/** How many label sets each family gets. */
function sizes(sets: number): number[] {
  const count = Math.ceil(sets / SETS_PER_FAMILY);
  return Array.from({ length: count }, () => Math.ceil(sets / count));
}

function histogramOf(client: Client, registry: PromClient.Registry, name: string, sets: number) {
  const labelNames = ["method", "route"];
  const metric = new client.Histogram({ name, help: "h", labelNames, registers: [registry] });
  return familyOf(
    sets,
    (id) => metric.observe(routeOf(id), id % 12),
    (id) => metric.remove(routeOf(id)),
  );
}

function counterOf(client: Client, registry: PromClient.Registry, name: string, sets: number) {
  const labelNames = ["method", "route"];
  const metric = new client.Counter({ name, help: "h", labelNames, registers: [registry] });
  return familyOf(
    sets,
    (id) => metric.inc(routeOf(id), 1 + (id % 5)),
    (id) => metric.remove(routeOf(id)),
  );
}

function gaugeOf(client: Client, registry: PromClient.Registry, name: string, sets: number) {
  const metric = new client.Gauge({
    name,
    help: "h",
    labelNames: ["queue"],
    registers: [registry],
  });
  return familyOf(
    sets,
    (id) => metric.set({ queue: `queue-${id}` }, Math.random()),
    (id) => metric.remove({ queue: `queue-${id}` }),
  );
}

function routeOf(id: number) {
  return { method: id % 2 === 0 ? "GET" : "POST", route: `/api/v1/items/${id}` };
}

function familyOf(sets: number, change: Family["change"], remove: Family["remove"]): Family {
  const ids = Array.from({ length: sets }, (_, index) => FIRST_ID + index);
  for (const id of ids) change(id);
  return { ids, nextId: FIRST_ID + sets, exchanges: 0, change, remove };
}

function touchTenth({ ids, change }: Family): void {
  for (let index = 0; index < ids.length; index += 10) change(ids[index] as number);
}

/** The older half goes, and then every second one, in turn: blocks lose their start, and are holed. */
function exchangeHalf(family: Family): void {
  const { ids, change, remove } = family;
  const half = ids.length / 2;
  const isOldestTurn = family.exchanges++ % 2 === 0;
  const leaves = (index: number) => (isOldestTurn ? index < half : index % 2 === 1);
  family.ids = ids.filter((id, index) => {
    if (leaves(index)) remove(id);
    return !leaves(index);
  });
  while (family.ids.length < ids.length) {
    family.ids.push(family.nextId);
    change(family.nextId++);
  }
}
