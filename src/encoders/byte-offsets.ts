/** For each UTF-16 code unit of a text, and for its end, the offset of its bytes in UTF-8. */
export function byteOffsets(text: string): Uint32Array {
  const offsets = new Uint32Array(text.length + 1);
  let offset = 0;
  for (let index = 0; index < text.length; ) {
    const char = String.fromCodePoint(text.codePointAt(index) as number); // index < length
    offsets.fill(offset, index, index + char.length);
    offset += Buffer.byteLength(char);
    index += char.length;
  }
  offsets[text.length] = offset;
  return offsets;
}
