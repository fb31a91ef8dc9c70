import type { Clock } from '../src/ports.ts'
import type { World } from './world.ts'

/** One run of a gateway process, from its start to its crash. */
export interface Process {
  readonly name: string
  /** It runs the next release. */
  readonly isNext: boolean
  /** Its own clock: off by some seconds, and a little too fast or too slow. */
  readonly clock: Clock
  readonly alive: boolean
  /** Runs `run` inside the process after `ms` of true time: later while it stands still, never once it is dead. */
  soon(ms: number, run: () => void): () => void
  /** It dies between two steps: nothing that it waits for ever arrives. */
  crash(): void
  /** Stop-the-world: nothing runs in it for `ms`. */
  pause(ms: number): void
  /** Maybe dies right here, at the border of a port. Tells whether it is dead. */
  mayDie(): boolean
  /** What is to be told when it dies or stands still. */
  readonly onTrouble: (() => void)[]
}

export interface ProcessOptions {
  readonly name: string
  readonly isNext: boolean
  /** Epoch ms that its clock shows when the world's stands at 0. */
  readonly epoch: number
  /** How fast its clock runs: 1 is right. */
  readonly rate: number
  /** Chance that it dies at a border. */
  readonly crashRate: () => number
  readonly onCrash: () => void
}

export function createProcess(world: World, options: ProcessOptions): Process {
  const { name, isNext, epoch, rate, crashRate, onCrash } = options
  const startedAt = world.now()
  const onTrouble: (() => void)[] = []
  let alive = true
  let standsUntil = 0

  const crash = (): void => {
    if (!alive) return
    alive = false
    world.tally('crash')
    world.note(name, undefined, () => 'crashes')
    for (const tell of onTrouble) tell()
    onCrash()
  }

  const mayDie = (): boolean => {
    if (alive && world.random.chance(crashRate())) crash()
    return !alive
  }

  const soon = (ms: number, run: () => void): (() => void) => {
    let cancel = world.after(ms, function attempt() {
      if (!alive) return
      if (world.now() < standsUntil) {
        cancel = world.after(standsUntil - world.now(), attempt)
        return
      }
      if (!mayDie()) run()
    })
    return () => cancel()
  }

  const after = (ms: number, run: () => void): (() => void) => soon(Math.ceil(Math.max(0, ms) / rate), run)

  return {
    name,
    isNext,
    get alive() {
      return alive
    },
    clock: {
      now: () => Math.floor(epoch + world.now() * rate),
      monotonic: () => (world.now() - startedAt) * rate,
      after,
      sleep: (ms) =>
        new Promise((resolve) => {
          after(ms, resolve)
        }),
    },
    soon,
    crash,
    pause(ms) {
      if (!alive) return
      standsUntil = Math.max(standsUntil, world.now() + ms)
      world.tally('pause')
      world.note(name, undefined, () => `stands still for ${ms} ms`)
      for (const tell of onTrouble) tell()
    },
    mayDie,
    onTrouble,
  }
}
