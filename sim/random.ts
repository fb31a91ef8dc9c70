/** Chance that is the same for the same seed: mulberry32 (Tommy Ettinger, public domain), 2^32 states. */
export interface Random {
  /** From 0 (included) to 1 (excluded). */
  unit(): number
  chance(probability: number): boolean
  /** A whole number, both ends included. */
  between(low: number, high: number): number
  pick<T>(list: readonly T[]): T
}

export function createRandom(seed: number): Random {
  // Neighbouring seeds must not give neighbouring sequences.
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.floor(seed / 2 ** 32)
  const unit = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  unit()
  return {
    unit,
    chance: (probability) => unit() < probability,
    between: (low, high) => low + Math.floor(unit() * (high - low + 1)),
    pick: <T>(list: readonly T[]) => list[Math.floor(unit() * list.length)] as T,
  }
}
