import type { Address } from "../index.ts";
import { parseAddress } from "../server/address.ts";

/** The forms of an address that can be written as text, for messages. */
export const ADDRESS_FORMS: string =
  '":9464", "127.0.0.1:9464", "[::1]:9464", "localhost:9464" or "unix:/run/app.sock"';

/**
 * Reads an address that somebody wrote as text; a number alone is a port.
 *
 * @returns `undefined` when it is none.
 */
export function readAddress(text: string): Address | undefined {
  const address = /^\d+$/.test(text) ? Number(text) : text;
  try {
    parseAddress(address);
    return address;
  } catch {
    return undefined;
  }
}
