import { inspect } from "node:util";

/** What a collector may throw: everything, for JavaScript does not mind. */
export const THROWN: Readonly<Record<string, () => unknown>> = {
  "an Error": () => new Error("broken"),
  undefined: () => undefined,
  null: () => null,
  "a string": () => "broken",
  "a symbol": () => Symbol("broken"),
  "a bigint": () => 1n,
  "a function": () => () => {},
  "a frozen object": () => Object.freeze({ message: "broken" }),
  "a frozen Error": () => Object.freeze(new Error("broken")),
  "an object without a prototype": () => Object.create(null),
  "an Error whose message throws": () => withThrowing(new Error(), "message"),
  "an Error whose stack throws": () => withThrowing(new Error(), "stack"),
  "an Error whose name throws": () => withThrowing(new Error(), "name"),
  "an Error whose cause is itself": () => {
    const error = new Error("broken");
    error.cause = error;
    return error;
  },
  "an Error whose code throws": () => withThrowing(new Error(), "code"),
  "an Error that cannot be shown": () => withThrowing(new Error(), inspect.custom),
  "an object without a string form": () => withThrowing({}, "toString"),
  "a proxy that throws": () => {
    const refuse = () => {
      throw new Error("no");
    };
    return new Proxy(
      {},
      { get: refuse, getPrototypeOf: refuse, getOwnPropertyDescriptor: refuse, ownKeys: refuse },
    );
  },
  "a revoked proxy": () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  "an Error of 1 MB": () => new Error("x".repeat(1_000_000)),
  "a promise that rejects": () => {
    const promise = Promise.reject(new Error("broken"));
    promise.catch(() => {});
    return promise;
  },
};

/** Gives `object` a member that throws when it is read. */
export function withThrowing<T extends object>(object: T, name: PropertyKey): T {
  return Object.defineProperty(object, name, {
    enumerable: true,
    get() {
      throw new Error("a getter has thrown");
    },
  });
}
