/** What we use of the library `yaml`. The build makes a minified file of this one. */
export { Composer, isMap, isScalar, isSeq, Lexer, LineCounter, Parser } from "yaml";
