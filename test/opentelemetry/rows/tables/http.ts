import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { httpGet } from "../../../helpers/http/http-get.ts";
import type { Row } from "../row.ts";

/** What is said about HTTP. */
export const HTTP: readonly Row[] = [
  {
    number: 55,
    requirement: "a POST is refused",
    exporter: false,
    instead: "answered",
    async check(subject) {
      const { url } = await subject.serve({});
      const outgoing = request(url, { method: "POST", agent: false });
      outgoing.end();
      const [response] = (await once(outgoing, "response")) as [IncomingMessage];
      response.resume();
      assert.equal(response.statusCode, 405);
    },
  },
  {
    number: 55,
    requirement: "a HEAD runs no callback",
    exporter: false,
    instead: "collects",
    async check(subject) {
      let calls = 0;
      const { url } = await subject.serve({
        count: (meterOf) =>
          meterOf()
            .createObservableGauge("a")
            .addCallback(() => {
              calls++;
            }),
      });
      assert.equal((await httpGet(url, {}, "HEAD")).status, 200);
      assert.equal(calls, 0);
    },
  },
  {
    number: 55,
    requirement: "a long body is compressed where the scraper accepts that",
    exporter: false,
    instead: "never",
    async check(subject) {
      const { url } = await subject.serve({
        count(meterOf) {
          const counter = meterOf().createCounter("c");
          for (let index = 0; index < 500; index++) counter.add(1, { index });
        },
      });
      const { headers } = await httpGet(url, { "accept-encoding": "gzip" });
      assert.equal(headers["content-encoding"], "gzip");
    },
  },
];
