/**
 * The file that the thread of a server runs. The build puts it beside all others. Where these are bundled it is
 * missing, so it has a name that nothing else beside the bundle has.
 *
 * @throws {TypeError} In a bundle of CommonJS, which does not say where it is.
 */
export function threadFile(): URL {
  return new URL("../../../dist/promhttp-thread.js", import.meta.url);
}
