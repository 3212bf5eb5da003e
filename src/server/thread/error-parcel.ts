/** What is left of a thrown value when it goes to another thread. */
export interface ErrorParcel {
  /** The class that it is an instance of: one of JavaScript, or of `errors.ts`. */
  readonly kind: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause?: ErrorParcel | undefined;
  /** Those of an `AggregateError` or a `GatherError`. */
  readonly errors?: readonly ErrorParcel[] | undefined;
  /** Its other own properties that can be cloned, such as `code`. */
  readonly fields: Readonly<Record<string, unknown>>;
}
