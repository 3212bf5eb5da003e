import type { AddressInfo } from "node:net";

/** Writes the URL of the metrics for a person to open, or a scraper to scrape. */
export function urlOf(address: AddressInfo | string, path: string): string {
  if (typeof address === "string") return `unix:${address}`;
  return `http://${hostOf(address)}:${address.port}${path}`;
}

function hostOf({ address, family }: AddressInfo): string {
  // "Every interface" is no address that a client can connect to everywhere.
  if (address === "::" || address === "0.0.0.0") return "localhost";
  return family === "IPv6" ? `[${address}]` : address;
}
