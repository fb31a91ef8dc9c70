import type { heard } from './check-answer.ts'
import { type Caller, type Job, MINUTE } from './plan.ts'
import { invariants, mayBeCalledReuse, type Subject } from './truth.ts'
import type { World } from './world.ts'

/** What callers need of the gateways: one request to some replica, and what comes back. */
export interface Door {
  /** Undefined: the connection broke. */
  request(
    subject: Subject,
    text: string,
    job: Job,
    back: (answer: ReturnType<typeof heard> | undefined) => void,
  ): void
  subject(name: string, job: Job): Subject
  /** A number that no other request has. */
  serial(): number
  /** Whether faults are over. */
  isCalm(): boolean
}

/**
 * As many attempts after the faults have ended, over so long a time, mean that no answer will ever come. Where many
 * contend for few places, one may be unlucky for minutes.
 */
const MAX_CALM_ATTEMPTS = 60
const MAX_CALM_MS = 60 * MINUTE

/** Lets one caller ask until it is content, or tired. `done` is called once. */
export function startCaller(
  world: World,
  door: Door,
  { job, index, caller }: { job: Job; index: number; caller: Caller },
  done: () => void,
): void {
  const { role, startsAt, variant } = caller
  const { random } = world
  const name = `caller ${index}`
  const tiredAfter = role === 'gives_up' ? random.between(1, 3) : Number.POSITIVE_INFINITY
  let attempts = 0
  let calmAttempts = 0
  let calmSince: number | undefined

  const again = (afterMs: number | undefined): void => {
    if (attempts >= tiredAfter) {
      done()
      return
    }
    const backoffMs = Math.min(30_000, 500 * 2 ** Math.min(attempts, 6))
    const baseMs = Math.max(afterMs ?? 0, afterMs === undefined ? backoffMs : 0)
    world.afterQuietly(baseMs + random.between(0, Math.ceil(baseMs / 4)), attempt)
  }

  const attempt = (): void => {
    attempts += 1
    if (door.isCalm()) {
      calmAttempts += 1
      calmSince ??= world.now()
    }
    // Without a key every request is a message of its own.
    const subject = door.subject(
      job.key === undefined ? `${job.tenant}/~${door.serial()}` : `${job.tenant}/${job.key}`,
      job,
    )
    const text = `${subject.name}#${variant}`
    if (calmAttempts > MAX_CALM_ATTEMPTS && world.now() - (calmSince ?? 0) > MAX_CALM_MS) {
      world.violate(invariants.final, `${name} has asked ${attempts} times`, subject.name)
      return
    }
    let listens = true
    if (role === 'impatient' && random.chance(0.5)) {
      world.afterQuietly(random.between(10, 20_000), () => {
        if (!listens) return
        listens = false
        world.note(name, subject.name, () => 'hangs up')
        again(undefined)
      })
    }
    door.request(subject, text, job, (answer) => {
      if (!listens) return
      listens = false
      if (answer === undefined) return again(undefined)
      if (answer.kind === 'try_again') return again(answer.afterMs)
      if (
        answer.kind === 'refused' &&
        role !== 'gives_up' &&
        !isExpected(answer.code, subject, job, world.now())
      ) {
        world.violate(invariants.final, `${name} is refused for ${answer.code}`, subject.name)
      }
      done()
    })
  }

  world.afterQuietly(startsAt, attempt)
}

/** Whether a refusal for good has its cause in what was asked for. */
const isExpected = (code: string, subject: Subject, { isRefused }: Job, now: number): boolean =>
  (code === 'outside_24h_window' && isRefused) ||
  (code === 'idempotency_key_reuse' && mayBeCalledReuse(subject, now)) ||
  code === 'resource_not_found'
