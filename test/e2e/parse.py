"""Prints what a parser of the Python client makes of the exposition on its standard input, as JSON.

Its argument names the format: "text" or "openmetrics". The exposition may be compressed with gzip.
"""

import gzip
import gzip
import json
import sys

from prometheus_client import parser as text
from prometheus_client.openmetrics import parser as openmetrics

PARSERS = {"text": text, "openmetrics": openmetrics}


def to_json(family):
    return {
        "name": family.name,
        "type": family.type,
        "help": family.documentation,
        "unit": family.unit,
        "samples": [
            {
                "name": sample.name,
                "labels": sample.labels,
                # JSON has no NaN.
                "value": repr(float(sample.value)),
                "timestamp": sample.timestamp and float(sample.timestamp),
                "exemplar": sample.exemplar and sample.exemplar.labels,
            }
            for sample in family.samples
        ],
    }


body = sys.stdin.buffer.read()
if body.startswith(b"\x1f\x8b"):
    body = gzip.decompress(body)
families = PARSERS[sys.argv[1]].text_string_to_metric_families(body.decode("utf-8"))
json.dump([to_json(family) for family in families], sys.stdout)
