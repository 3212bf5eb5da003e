/** A promise, and what resolves it. */
export interface Gate {
  readonly promise: Promise<void>;
  readonly open: () => void;
}

/** Makes a promise that resolves when it is told to. */
export function createGate(): Gate {
  let open = () => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}
