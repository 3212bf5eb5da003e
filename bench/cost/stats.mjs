/** The value below which a share of the values lies; 0.5 gives the median. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values) => quantile(values, 0.5);

/** Half the distance of the quartiles, as a share of the median. */
export function spread(values) {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values);
}

/** The elements in an order that begins `by` places further on. */
export function rotate(elements, by) {
  return elements.map((_, index) => elements[(index + by) % elements.length]);
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
