/** How many series the application has that is "large": about 2 MB of text. */
export const SERIES = 20_000;

/** The last metric of every application; where it is missing, the answer is not whole. */
export const THE_END = "the_end";

/**
 * Fills prom-client's registry with the metrics of an application.
 *
 * @param client prom-client.
 * @param fault What is wrong with the application: `none`, `large`, `throws`, `rejects`, `hangs` or
 *   `label`.
 */
export function addMetrics({ Counter, Gauge }, fault) {
  const help = "help";
  new Counter({ name: "requests_total", help, labelNames: ["code"] }).inc({ code: "200" }, 3);
  if (fault === "large") {
    const gauge = new Gauge({ name: "large", help, labelNames: ["id", "path"] });
    for (let id = 0; id < SERIES; id++) gauge.set({ id, path: "/".padEnd(60, "x") }, id);
  } else if (fault in COLLECTORS) new Gauge({ name: "faulty", help, collect: COLLECTORS[fault] });
  else if (fault === "label")
    addBrokenLabel(new Gauge({ name: "faulty", help, labelNames: ["a"] }));
  new Gauge({ name: THE_END, help }).set(1);
}

/** What a collector may do wrong. */
export const COLLECTORS = {
  throws() {
    throw new Error("the password is 1234");
  },
  async rejects() {
    throw new Error("the password is 1234");
  },
  hangs: () => new Promise(() => {}),
};

function addBrokenLabel(gauge) {
  let isSound = true;
  const read = () => {
    if (isSound) return "a";
    throw new Error("the password is 1234");
  };
  gauge.set({ a: { toString: read } }, 1);
  isSound = false;
}
