import { networkInterfaces } from "node:os";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isOwnAddress } from "../../../../src/adapters/sandbox/network/ownAddress.ts";
import { readRequest } from "../../../../src/adapters/sandbox/network/readRequest.ts";

test.each([
  ["CONNECT a.example:443 HTTP/1.1\r\nHost: other.example:443", "a.example", 443],
  ["CONNECT [fd00::1]:8443 HTTP/1.0", "fd00::1", 8443],
  ["GET http://a.example/x?y=1 HTTP/1.1", "a.example", 80],
  ["POST http://a.example:8080/ HTTP/1.1", "a.example", 8080],
  ["GET http://user:secret@a.example/ HTTP/1.1", "a.example", 80],
])("%j leads to %s:%d", (head, host, port) => {
  expect(readRequest(head)).toMatchObject({ host, port });
});

test.each([
  "",
  "GET / HTTP/1.1\r\nHost: a.example",
  "GET https://a.example/ HTTP/1.1",
  "GET ftp://a.example/ HTTP/1.1",
  "CONNECT a.example HTTP/1.1",
  "CONNECT a.example:0 HTTP/1.1",
  "CONNECT a.example:99999 HTTP/1.1",
  "CONNECT a@b.example:443 HTTP/1.1",
  "CONNECT a.example:443 HTTP/1.1\nX: y",
  "GET http://a.example/ HTTP/1.1\r\nX: a\nHost: b",
  "GET http://a.example/ HTTP/2",
])("%j is no request", (head) => {
  expect(readRequest(head)).toBeUndefined();
});

test("a plain request is sent on for the judged host alone, and for one time", () => {
  const head =
    "GET http://a.example/x HTTP/1.1\r\nHost: evil.example\r\nConnection: keep-alive\r\nProxy-Authorization: y\r\nAccept: */*";
  expect(readRequest(head)?.forward).toBe(
    "GET /x HTTP/1.1\r\nhost: a.example\r\nAccept: */*\r\nconnection: close\r\n\r\n",
  );
});

test("anything is read or refused, never thrown", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void readRequest(text)));
  fc.assert(fc.property(fc.webUrl(), (url) => void readRequest(`GET ${url} HTTP/1.1`)));
});

test("this machine's own addresses are known in every spelling, others are not", () => {
  const own = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "169.254.169.254",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "fe80::1",
    "localhost",
    "",
  ];
  expect(own.filter((address) => !isOwnAddress(address))).toEqual([]);
  for (const { address } of Object.values(networkInterfaces()).flatMap((each) => each ?? [])) {
    expect(isOwnAddress(address), address).toBe(true);
  }
  expect(["203.0.113.7", "10.255.255.254", "2001:db8::7"].filter(isOwnAddress)).toEqual([]);
});
