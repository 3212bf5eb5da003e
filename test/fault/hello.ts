import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { Duplex } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { type ConnectionOptions, connect } from "node:tls";
import { netServer } from "../helpers/http/net-server.ts";

/** The bytes with which a client of Node begins a handshake. */
export async function clientHello(options: ConnectionOptions = {}): Promise<Buffer> {
  const { server, lastSocket } = await netServer();
  const { port } = server.address() as AddressInfo;
  const client = connect({ ...options, port, host: "127.0.0.1" });
  client.on("error", () => {});
  const socket = await lastSocket();
  const [bytes] = (await once(socket, "data")) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

/** A client of whose hello the list of protocols takes some 16 KB. */
export const LONG_HELLO: ConnectionOptions = {
  ALPNProtocols: [
    ...Array.from({ length: 64 }, (_, index) => `${index}`.padEnd(250, "x")),
    "http/1.1",
  ],
};

/** RFC 8446 §5.1: a message may be spread over several records. This has at most 50 bytes in each. */
export function inSmallRecords(record: Buffer): Buffer {
  const head = record.subarray(0, 3);
  const records: Buffer[] = [];
  for (let at = 5; at < record.length; at += 50) {
    const part = record.subarray(at, at + 50);
    records.push(head, Buffer.of(0, part.length), part);
  }
  return Buffer.concat(records);
}

/**
 * A stream over a socket, for a client of TLS to stand on.
 *
 * @param cut Makes pieces of the first bytes that are written; each is sent in a turn of its own.
 */
export function cuttingStream(raw: Socket, cut: (bytes: Buffer) => readonly Buffer[]): Duplex {
  let isFirst = true;
  const stream = new Duplex({
    read: () => raw.resume(),
    async write(bytes: Buffer, _encoding, callback) {
      const pieces = isFirst ? cut(bytes) : [bytes];
      isFirst = false;
      for (const piece of pieces) {
        raw.write(piece);
        await setImmediate();
      }
      callback();
    },
    final: (callback) => raw.end(callback),
    destroy(error, callback) {
      raw.destroy();
      callback(error);
    },
  });
  raw.removeAllListeners("data");
  raw.on("data", (bytes) => stream.push(bytes));
  raw.on("close", () => stream.destroy());
  return stream;
}
