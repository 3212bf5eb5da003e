/** An input that a parser must reject: what is wrong with it, the input, and the parser's words. */
export type BadInput<Input> = readonly [name: string, input: Input, message: RegExp];
