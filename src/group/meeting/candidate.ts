import type { Socket } from "node:net";
import type { Signal } from "../../abort.ts";
import { atMost, pause } from "../waiting.ts";
import { type Elected, elect, findHub } from "./election.ts";
import type { Meeting } from "./meet.ts";

/** How long a process that has given up its place leaves it to others, in milliseconds. */
const GIVE_WAY_MS = 2_000;

/** A process that looks for the hub of its group, or becomes it, until it leaves the group. */
export class Candidate {
  readonly #meeting: Meeting;
  readonly #signal: Signal;
  #patienceMs: number;
  /** An election that nobody has waited for to its end. */
  #election: Promise<Elected> | undefined;

  /**
   * @param signal Aborts when the process leaves the group.
   * @param patienceMs How long it only looks for a hub before its first election; before each, if `Infinity`.
   */
  constructor(meeting: Meeting, signal: Signal, patienceMs: number) {
    this.#meeting = meeting;
    this.#signal = signal;
    this.#patienceMs = patienceMs;
  }

  /**
   * Stands for election, for some time: a hub that is stopped accepts nobody.
   *
   * @returns `undefined` if the election goes on; `elect()` returns what becomes of it.
   * @throws {Error} If the folder cannot be used, or if it has left meanwhile.
   */
  async stand(limitMs: number): Promise<Elected | undefined> {
    this.#election = this.#elect();
    const elected = await atMost(this.#election, limitMs);
    if (elected !== undefined) this.#election = undefined;
    return elected;
  }

  /**
   * Stands for election, or waits for the one that goes on.
   *
   * @throws As `stand()` does.
   */
  elect(): Promise<Elected> {
    const election = this.#election ?? this.#elect();
    this.#election = undefined;
    return election;
  }

  /** Looks for a hub for some time, without standing for election. It never rejects. */
  async look(limitMs: number): Promise<Socket | undefined> {
    const { folder, key } = this.#meeting;
    try {
      return await findHub(folder, key, this.#signal, limitMs);
    } catch {
      // If the folder still cannot be used then, the next election says so.
      await pause(limitMs, this.#signal);
      return undefined;
    }
  }

  /** Only looks for a hub for some time before its next election, because another process is to win that. */
  giveWay(): void {
    if (Number.isFinite(this.#patienceMs)) this.#patienceMs = GIVE_WAY_MS;
  }

  async #elect(): Promise<Elected> {
    const { folder, key } = this.#meeting;
    const limitMs = this.#patienceMs;
    if (Number.isFinite(limitMs)) this.#patienceMs = 0;
    const socket = await findHub(folder, key, this.#signal, limitMs);
    if (socket !== undefined) return { role: "member", socket };
    return elect(folder, key, this.#signal);
  }
}
