/**
 * The file that the thread of a server runs. The build puts it beside all others. Where these are bundled it is
 * missing, so it has a name that nothing else beside the bundle has.
 *
 * @throws {TypeError} In a bundle of CommonJS, which does not say where it is.
 * @throws {Error} In a bundle that has a copy of it, without what it imports.
 */
export function threadFile(): URL {
  // Tools that trace files know this expression; webpack would put a copy into its bundle.
  const file = new URL(
    /* webpackIgnore: true */ "../../../dist/promhttp-thread.js",
    import.meta.url,
  );
  // Who copies it gives the copy another name.
  if (file.pathname.endsWith("/promhttp-thread.js")) return file;
  throw new Error("promhttp is in a bundle, which lacks files that a thread needs");
}
