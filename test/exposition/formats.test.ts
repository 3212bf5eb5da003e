import assert from "node:assert/strict";
import { test } from "node:test";
import { negotiateFormat } from "../../src/exposition/formats.ts";
import type { EscapingScheme } from "../../src/model/names.ts";
import { FORMATS, type Format } from "../../src/options/options.ts";
import { SCRAPERS } from "./scrapers.ts";

const T4 = "text/plain; version=0.0.4; charset=utf-8";
const T1 = "text/plain; version=1.0.0; charset=utf-8";
const O1 = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/** To a scraper that named no scheme. */
const O1_UNDERSCORES = `${O1}; escaping=underscores`;
const O0 = "application/openmetrics-text; version=0.0.1; charset=utf-8";
const P =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
const PROTOBUF =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

for (const { name, accept, format, escaping, contentType } of SCRAPERS) {
  test(`negotiateFormat() serves ${name}`, () => {
    assert.deepEqual(negotiateFormat(accept), { format, escaping, contentType });
  });
}

const TEXT_ONLY: readonly Format[] = ["text-0.0.4"];
const OPENMETRICS_ONLY: readonly Format[] = ["openmetrics-1.0.0", "openmetrics-0.0.1"];

for (const { name, accept } of SCRAPERS) {
  test(`negotiateFormat() falls back to text 0.0.4 for ${name}`, () => {
    assert.equal(negotiateFormat(accept, TEXT_ONLY).format, "text-0.0.4");
  });
}

/** A case of the tables below; by default everything is offered, and names get underscores. */
interface Case {
  readonly name: string;
  readonly accept: string | undefined;
  readonly offered?: readonly Format[];
  readonly format: Format;
  readonly escaping?: EscapingScheme;
  readonly contentType: string;
}

function testAll(cases: readonly Case[]): void {
  for (const { name, accept, offered, format, escaping = "underscores", contentType } of cases) {
    test(`negotiateFormat() ${name}`, () => {
      assert.deepEqual(negotiateFormat(accept, offered), { format, escaping, contentType });
    });
  }
}

const OM = "application/openmetrics-text";

testAll([
  // Versions and parameters.
  {
    name: "reads a type without a version as its usual one",
    accept: OM,
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "reads text/plain without a version as 0.0.4",
    accept: "text/plain",
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "reads a quoted version",
    accept: `${OM};version="0.0.1"`,
    format: "openmetrics-0.0.1",
    contentType: O0,
  },
  {
    name: "ignores case in types and parameter names",
    accept: "APPLICATION/OpenMetrics-Text;Version=0.0.1",
    format: "openmetrics-0.0.1",
    contentType: O0,
  },
  {
    name: "ignores unknown parameters",
    accept: `${OM};charset=utf-8;x=y`,
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "returns text 1.0.0 to those who ask for it, with its scheme",
    accept: "text/plain;version=1.0.0",
    format: "text-1.0.0",
    contentType: `${T1}; escaping=underscores`,
  },
  {
    name: "never echoes an OpenMetrics version that it does not support",
    accept: `${OM};version=2.0.0`,
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "never echoes a text version that it does not support",
    accept: "text/plain;version=0.0.3;charset=latin1",
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "passes over an unknown version to the next range",
    accept: `${OM};version=2.0.0,${OM};version=1.0.0;q=0.9`,
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "does not read an empty version as an absent one",
    accept: `${OM};version=`,
    format: "text-0.0.4",
    contentType: T4,
  },
  { name: "returns protobuf", accept: PROTOBUF, format: "protobuf", contentType: P },
  {
    name: "does not return protobuf without parameters",
    accept: "application/vnd.google.protobuf",
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "does not return protobuf in another encoding",
    accept: PROTOBUF.replace("delimited", "text"),
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "does not return another protobuf message",
    accept: PROTOBUF.replace("MetricFamily", "Metric"),
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "does not support the draft type of OpenMetrics protobuf",
    accept: "application/openmetrics-protobuf;version=1.0.0",
    format: "text-0.0.4",
    contentType: T4,
  },

  // Weights, specificity, order.
  {
    name: "takes the highest weight",
    accept: `${OM};q=0.5,text/plain;q=0.6,${PROTOBUF};q=0.4`,
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "takes the more specific of equals",
    accept: `text/plain,${OM};version=0.0.1`,
    format: "openmetrics-0.0.1",
    contentType: O0,
  },
  {
    name: "takes a type before a wildcard of the same weight",
    accept: `*/*,${OM}`,
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "takes the first in the header among equals",
    accept: `${OM};version=0.0.1,${OM};version=1.0.0`,
    format: "openmetrics-0.0.1",
    contentType: O0,
  },
  {
    name: "takes an invalid weight as the lowest",
    accept: `text/plain;version=1.0.0;q=2,${OM};q=0.1`,
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "skips weight 0",
    accept: `${OM};q=0,text/plain;version=1.0.0;q=0.1`,
    format: "text-1.0.0",
    contentType: `${T1}; escaping=underscores`,
  },
  {
    name: "returns text 0.0.4 even where it is forbidden",
    accept: "text/plain;q=0",
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "returns text 0.0.4 when all is forbidden",
    accept: "*/*;q=0",
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "returns text 0.0.4 for text/*",
    accept: `text/*,${OM};q=0.9`,
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "returns text 0.0.4 for a wildcard of the highest weight",
    accept: `*/*,${OM};q=0.9`,
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "does not match application/*",
    accept: `application/*,${OM};q=0.1`,
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "returns text 0.0.4 when nothing matches",
    accept: "application/json, image/png",
    format: "text-0.0.4",
    contentType: T4,
  },

  // The escaping scheme.
  {
    name: "ignores an unknown scheme",
    accept: `${OM};escaping=rot13`,
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "compares schemes exactly",
    accept: `${OM};escaping=DOTS`,
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "passes over an unknown scheme to a valid one",
    accept: `${OM};escaping=rot13,text/plain;q=0.5;escaping=dots`,
    format: "openmetrics-1.0.0",
    escaping: "dots",
    contentType: `${O1}; escaping=dots`,
  },
  {
    name: "names underscores when they were asked for",
    accept: `${OM};escaping=underscores`,
    format: "openmetrics-1.0.0",
    contentType: `${O1}; escaping=underscores`,
  },
  {
    name: "takes the scheme of the winning range",
    accept: `text/plain;escaping=dots;q=0.9,${OM};escaping=values`,
    format: "openmetrics-1.0.0",
    escaping: "values",
    contentType: `${O1}; escaping=values`,
  },
  {
    name: "takes the scheme that another range names",
    accept: `${PROTOBUF},text/plain;version=9;escaping=allow-utf-8;q=0.1`,
    format: "protobuf",
    escaping: "allow-utf-8",
    contentType: `${P}; escaping=allow-utf-8`,
  },
  {
    name: "takes the most wanted of the schemes that other ranges name",
    accept: `a/b;escaping=dots;q=0.1,a/c;escaping=values;q=0.2,${OM}`,
    format: "openmetrics-1.0.0",
    escaping: "values",
    contentType: `${O1}; escaping=values`,
  },
  {
    name: "takes the scheme of a wildcard",
    accept: "*/*;escaping=allow-utf-8",
    format: "text-0.0.4",
    escaping: "allow-utf-8",
    contentType: `${T4}; escaping=allow-utf-8`,
  },
  {
    name: "takes a scheme when nothing matches",
    accept: "application/json;escaping=dots",
    format: "text-0.0.4",
    escaping: "dots",
    contentType: `${T4}; escaping=dots`,
  },
  {
    name: "does not take the scheme of a forbidden range",
    accept: `${OM},text/plain;escaping=dots;q=0`,
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "names no scheme with OpenMetrics 0.0.1",
    accept: `${OM};version=0.0.1;escaping=allow-utf-8`,
    format: "openmetrics-0.0.1",
    escaping: "allow-utf-8",
    contentType: O0,
  },
  {
    name: "takes the last scheme of a range",
    accept: `${OM};escaping=dots;escaping=values`,
    format: "openmetrics-1.0.0",
    escaping: "values",
    contentType: `${O1}; escaping=values`,
  },

  // Narrowed and reordered offers.
  {
    name: "passes over what is not offered",
    accept: `${OM},text/plain;q=0.1`,
    offered: TEXT_ONLY,
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "does not return text 1.0.0 when that is not offered",
    accept: "text/plain;version=1.0.0",
    offered: TEXT_ONLY,
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "falls back to the first offered without text 0.0.4",
    accept: "text/html",
    offered: OPENMETRICS_ONLY,
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "falls back to text 0.0.4 wherever it is in the offer",
    accept: "text/html",
    offered: ["protobuf", "text-0.0.4"],
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "returns the first offered for no header without text 0.0.4",
    accept: undefined,
    offered: ["text-1.0.0"],
    format: "text-1.0.0",
    contentType: `${T1}; escaping=underscores`,
  },
  {
    name: "returns the first offered for a wildcard without text 0.0.4",
    accept: `*/*,${OM};version=0.0.1;q=0.5`,
    offered: OPENMETRICS_ONLY,
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "does not match text/* without text 0.0.4",
    accept: `text/*,${OM};version=0.0.1;q=0.5`,
    offered: OPENMETRICS_ONLY,
    format: "openmetrics-0.0.1",
    contentType: O0,
  },
  {
    name: "returns text 0.0.4 for an empty offer",
    accept: OM,
    offered: [],
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "breaks ties by an own offer",
    accept: `${OM};version=1.0.0,${OM};version=0.0.1`,
    offered: ["openmetrics-0.0.1", "openmetrics-1.0.0"],
    format: "openmetrics-0.0.1",
    contentType: O0,
  },
  {
    name: "breaks ties by the header for the default offer",
    accept: `${OM};version=1.0.0,text/plain;version=0.0.4`,
    offered: FORMATS,
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "keeps the header's order when an own offer agrees",
    accept: `${OM};version=1.0.0,a/b;x=1,${OM};version=0.0.1`,
    offered: OPENMETRICS_ONLY,
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "prefers a weight to the order of an own offer",
    accept: `${OM},text/plain;q=0.9`,
    offered: ["text-0.0.4", "openmetrics-1.0.0"],
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "prefers specificity to the order of an own offer",
    accept: `text/plain,${OM};version=1.0.0`,
    offered: ["text-0.0.4", "openmetrics-1.0.0"],
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "takes the scheme of the range that wins a tie",
    accept: `${OM};version=1.0.0;escaping=dots,text/plain;version=1.0.0;escaping=values`,
    offered: ["text-1.0.0", "openmetrics-1.0.0"],
    format: "text-1.0.0",
    escaping: "values",
    contentType: `${T1}; escaping=values`,
  },

  // Absurd headers.
  {
    name: "ignores a header over 8 KiB",
    accept: `${OM},${"a".repeat(8192)}`,
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "ignores a header over 64 clauses",
    accept: `${OM}${",a/b".repeat(64)}`,
    format: "text-0.0.4",
    contentType: T4,
  },
  {
    name: "reads a header of 64 clauses",
    accept: `${OM}${",a/b".repeat(63)}`,
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "reads several lines joined",
    accept: `text/html, ${OM};version=1.0.0;q=0.9, */*;q=0.1`,
    format: "openmetrics-1.0.0",
    contentType: O1_UNDERSCORES,
  },
  {
    name: "is not misled by a quoted comma",
    accept: `a/b;x=",${OM},",text/plain;version=1.0.0;q=0.1`,
    format: "text-1.0.0",
    contentType: `${T1}; escaping=underscores`,
  },
  {
    name: "is not misled by a name of the prototype",
    accept: "constructor/__proto__;toString=1",
    format: "text-0.0.4",
    contentType: T4,
  },
]);
