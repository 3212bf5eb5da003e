"""Reads many expositions with the parsers of the Python client.

Each line of standard input is a JSON object: "format" is "text" or "openmetrics", "body" the exposition
in Base64. Each line of standard output is the error of the line with the same number, or "".
"""

import base64
import json
import sys

from prometheus_client import parser as text
from prometheus_client.openmetrics import parser as openmetrics

PARSERS = {"text": text, "openmetrics": openmetrics}


def error_of(exposition):
    body = base64.b64decode(exposition["body"]).decode("utf-8")
    seen = set()
    try:
        for family in PARSERS[exposition["format"]].text_string_to_metric_families(body):
            for sample in family.samples:
                series = (sample.name, tuple(sorted(sample.labels.items())))
                # The text parser gives a counter a suffix, with which it may be called as another one.
                if series in seen and exposition["format"] == "openmetrics":
                    return f"a series twice: {series}"
                seen.add(series)
    except Exception as error:  # Any is a refusal: the parsers throw KeyError too.
        return f"{type(error).__name__}: {error}"
    return ""


for line in sys.stdin:
    print(json.dumps(error_of(json.loads(line))))
