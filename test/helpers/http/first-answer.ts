import { setTimeout as sleep } from "node:timers/promises";
import { within } from "../within.ts";
import { type HttpAnswer, httpGet } from "./http-get.ts";

/** Asks until something listens. */
export function firstAnswer(url: string): Promise<HttpAnswer> {
  const ask = async (): Promise<HttpAnswer> => {
    for (;;) {
      try {
        return await httpGet(url);
      } catch {
        await sleep(20);
      }
    }
  };
  return within(`an answer of ${url}`, ask());
}
