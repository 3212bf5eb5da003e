import assert from "node:assert/strict";
import type { IncomingHttpHeaders } from "node:http";
import type { IMetricReader, MeterProvider } from "@opentelemetry/sdk-metrics";
import type { MappingOptions } from "../../../src/gatherers/opentelemetry/mapping-options.ts";
import { type HttpAnswer, httpGet } from "../../helpers/http/http-get.ts";
import {
  type ParsedFamily,
  type ParsedSample,
  parseExposition,
  parseText,
} from "../../judge/index.ts";
import type { Sdk } from "../sdk.ts";
import type { Application } from "./application.ts";
import type { Listening } from "./listening.ts";

/** What is compared: promhttp, or the exporter of an SDK. */
export interface Subject {
  readonly name: "promhttp" | "the exporter";
  readonly sdk: Sdk;
  /** Serves the metrics of an application until the check is over. */
  serve(application: Application, options?: TestOptions): Promise<Served>;
  /** Makes a reader that no provider has. */
  makeReader(): IMetricReader;
  /** Where it listens without options. */
  listensAt(): Promise<Listening>;
}

/** The options of both; an exporter gets those that it has, by its own names. */
export interface TestOptions extends MappingOptions {
  /** The bounds of all histograms. */
  readonly defaultBounds?: readonly number[];
}

/** An application whose metrics are served. */
export interface Served {
  readonly provider: MeterProvider;
  readonly url: string;
  /** What has been logged since the application counts. */
  readonly log: readonly string[];
  close(): Promise<void>;
}

/** Gives a check a subject, and closes what it serves afterwards. */
export async function withSubject<Result>(
  subject: Subject,
  check: (subject: Subject) => Promise<Result>,
): Promise<Result> {
  const all: Served[] = [];
  try {
    return await check({
      ...subject,
      async serve(application, options) {
        const served = await subject.serve(application, options);
        all.push(served);
        return served;
      },
    });
  } finally {
    for (const served of all) await served.close();
  }
}

/** The body of a scrape, read as a scraper reads it. */
export interface Scraped extends HttpAnswer {
  readonly text: string;
  readonly contentType: string;
  readonly families: readonly ParsedFamily[];
}

/**
 * Scrapes as Prometheus does, and reads the body by the rules that the scraper has for it.
 *
 * @throws {ExpositionError} If Prometheus would refuse the body, or lose a part of it.
 */
export async function scrape(
  { url }: Pick<Served, "url">,
  headers: IncomingHttpHeaders = {},
): Promise<Scraped> {
  const answer = await httpGet(url, headers);
  const text = answer.body.toString();
  assert.equal(answer.status, 200, text);
  const contentType = answer.headers["content-type"] ?? "";
  const families = readBody(contentType, answer.body);
  assertUnique(families);
  return { ...answer, text, contentType, families };
}

/** Serves an application and scrapes it once. */
export async function scrapeOf(
  subject: Subject,
  application: Application,
  { accept, ...options }: TestOptions & { readonly accept?: string } = {},
): Promise<Scraped> {
  return scrape(await subject.serve(application, options), accept === undefined ? {} : { accept });
}

/** The exporter's own content type names no version. */
function readBody(contentType: string, body: Buffer): ParsedFamily[] {
  if (contentType === "text/plain") return parseText(body, { lenient: true });
  return body.length === 0 ? [] : parseExposition(contentType, body);
}

/** Prometheus takes the first of equal series, and drops the others. */
function assertUnique(families: readonly ParsedFamily[]): void {
  const all = families.flatMap(({ samples }) => samples.map((sample) => seriesOf(sample, true)));
  const twice = all.filter((series, index) => all.indexOf(series) !== index);
  assert.deepEqual(twice, [], "the body has a series twice");
}

/** The samples whose name begins so, each as `name{label="value"} 1`, without the labels of their scope. */
export function samplesOf({ families }: Pick<Scraped, "families">, prefix: string): string[] {
  return families
    .flatMap(({ samples }) => samples)
    .filter(({ name }) => name.startsWith(prefix))
    .map((sample) => `${seriesOf(sample, false)} ${sample.value}`);
}

/** A series with its labels in order. An empty value is the same as no label. */
function seriesOf({ name, labels }: ParsedSample, hasScope: boolean): string {
  const pairs = [...labels]
    .filter(
      ([key, value]) => value !== "" && (hasScope || !/^otel_scope_(name|version)$/.test(key)),
    )
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}
