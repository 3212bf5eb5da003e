/** An input that a parser must reject: what is wrong with it, the input, and the parser's words. */
export type InvalidCase<Input> = readonly [name: string, input: Input, message: RegExp];
