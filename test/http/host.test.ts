import assert from "node:assert/strict";
import { test } from "node:test";
import { isValidHost } from "../../src/http/request-head.ts";

const VALID = [
  ...["", ":80", "a", "a.b", "A.B.", "a:", "a:80", "my_app:9464", "a-b~c", "a,b", "%41", "xn--a"],
  ...["127.0.0.1", "127.0.0.1:9464", "1.2.3", "a!$&'()*+;=b"],
  ...["[::]", "[::1]:9464", "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7::]", "[::ffff:1.2.3.4]"],
  ...["[1:2:3:4:5:6:255.255.255.255]", "[v1.a:b]", "[FE80::ABCD]"],
];

const INVALID = [
  ...["a b", "a/b", "u@h", "[::1", "h:abc", "a, b", "http://a", "<script>", "a:80:80", "a:-1"],
  ...["%4", "%zz", "a\\b", "a?b", "a#b", 'a"b', "a\tb", "m\u00fcnchen", "a|b", "{a}", "::1"],
  ...["[]", "[a", "a]", "[zz]", "[:::]", "[1:2]", "[1::2::3]", "[1:2:3:4:5:6:7:8:9]", "[12345::]"],
  ...[
    "[::1.2.3]",
    "[::1.2.3.256]",
    "[1.2.3.4::]",
    "[1:2:3:4:5:6:7:1.2.3.4]",
    "[::1]a",
    "[fe80::1%25a]",
  ],
  ...["[1:2:3:4:5:6:7:8::]", "[1:]", "[v.a]", "[:1:2:3:4:5:6:7]"],
];

test("isValidHost() accepts what may be in a Host header", () => {
  for (const host of VALID) assert.ok(isValidHost(host), host);
});

test("isValidHost() rejects anything else, also after a valid host", () => {
  for (const host of INVALID) {
    assert.ok(isValidHost("a"));
    assert.ok(!isValidHost(host), host);
    assert.ok(!isValidHost(host), host);
  }
});
