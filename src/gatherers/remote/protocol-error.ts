/** A peer sent what its protocol does not allow: its connection must be cut off. */
export class ProtocolError extends Error {
  override readonly name: string = "ProtocolError";
}
