// What must hold of ours.

/** Of the time that comparing one password takes in one piece, so that a slow machine is judged as a fast one. */
const MAX_DELAY = 0.5;
const MAX_TLS_RATIO = 1.4;
const MAX_BYTES_OF_CONNECTION = 10 * 1_024;
/** Of 700 reloads: the heap of Node grows and shrinks by some megabytes. */
const MAX_GROWTH_BYTES = 8 * 1_024 * 1_024;

const each = (isKept) => (results) => Object.values(results.ours).every(isKept);

/** The bounds, each with what it says. */
export const BOUNDS = [
  {
    text: `the event loop is never delayed by ${MAX_DELAY} times the CPU that comparing one password takes`,
    isKept: ({ ours, passwordMs }) =>
      Object.values(ours).every(({ delay }) => delay.cpuMs < MAX_DELAY * passwordMs),
  },
  { text: "every scrape is answered", isKept: each(({ failed }) => failed === 0) },
  {
    text: "a silent connection costs at most 10 KiB, and is closed",
    isKept: ({ ours }) => {
      const { bytesEach, left } = ours["300 silent connections"];
      return bytesEach <= MAX_BYTES_OF_CONNECTION && left === 0;
    },
  },
  {
    text: "reloads leave nothing behind, and fail no handshake",
    isKept: ({ ours }) => {
      const { grownBytes, failedHandshakes } = ours["1,000 reloads"];
      return grownBytes <= MAX_GROWTH_BYTES && failedHandshakes === 0;
    },
  },
  {
    text: `TLS costs at most ${MAX_TLS_RATIO} times as much on a kept connection`,
    isKept: ({ tls }) => Object.values(tls).every((cost) => cost.tls <= MAX_TLS_RATIO * cost.plain),
  },
];
