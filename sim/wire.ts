import type { UpstreamResult } from '../src/domain/upstream.ts'
import { jsonObject } from '../src/domain/upstream-error.ts'
import type { UpstreamTransport } from '../src/ports.ts'
import type { Fault } from './plan.ts'
import type { Process } from './process.ts'
import type { Truth } from './truth.ts'
import type { Upstream } from './upstream.ts'
import type { World } from './world.ts'

/** Whether the gateway can tell from it what became of the message. */
function isDefinite(result: UpstreamResult): boolean {
  if (result.kind !== 'answered') return result.kind === 'not_sent'
  if (result.status >= 200 && result.status < 300) {
    const data = jsonObject(result.body)?.data
    return typeof data === 'object' && data !== null
  }
  return result.status >= 400 && result.status < 500 && result.status !== 409
}

/** The bottom of the stack: a network between one process and the upstream. Keeps the contract of a transport. */
export function createWire(
  world: World,
  truth: Truth,
  upstream: Upstream,
  process: Process,
  fails: (fault: Fault) => boolean,
): UpstreamTransport {
  const { random } = world
  return (call, deadline) =>
    new Promise((resolve) => {
      const owner = truth.owner(call.requestId)
      if (process.mayDie()) return
      if (owner === undefined) {
        world.violate('the upstream is called only for requests', call.requestId)
        return
      }
      const { name } = owner.subject
      const now = process.clock.now()
      if (deadline <= now) return resolve({ kind: 'not_sent', reason: 'deadline' })
      const wireCall = truth.callBegins(owner)
      let over = false
      const finish = (result: UpstreamResult): void => {
        if (over) return
        over = true
        cancelDeadline()
        truth.callEnds(wireCall, isDefinite(result))
        world.tally(`wire: ${result.kind === 'answered' ? result.status : result.reason}`)
        world.note(process.name, name, () => `${owner.id} hears ${shown(result)} from the upstream`)
        resolve(result)
      }
      const cancelDeadline = process.clock.after(deadline - now, () =>
        finish({ kind: 'unknown', reason: 'deadline' }),
      )
      const reset: UpstreamResult = { kind: 'unknown', reason: 'connection_reset' }
      const wayMs = random.between(1, 30)
      world.note(process.name, name, () => `${owner.id} calls the upstream`)
      process.mayDie()

      if (fails('refused')) {
        process.soon(wayMs, () => finish({ kind: 'not_sent', reason: 'cannot_connect' }))
        return
      }
      if (fails('reset_before')) {
        process.soon(wayMs, () => finish(reset))
        return
      }
      const arrival = {
        call: wireCall,
        account: call.account,
        token: call.token.reveal(),
        path: call.path,
        key: call.idempotencyKey,
        body: call.body ?? '',
      }
      // Stuck longer than its caller waits, and longer than its lease: it takes effect all the same.
      const stuckMs = fails('stuck_before') ? random.between(500, 90_000) : 0
      world.afterQuietly(wayMs + stuckMs, () =>
        upstream.arrive(arrival, (answer) => {
          if (fails('answer_lost')) return
          if (fails('reset_after')) {
            process.soon(wayMs, () => finish(reset))
            return
          }
          const lateMs = fails('answer_late') ? random.between(500, 60_000) : 0
          process.soon(wayMs + lateMs, () => finish({ kind: 'answered', ...answer }))
        }),
      )
    })
}

const shown = (result: UpstreamResult): string =>
  result.kind === 'answered' ? `HTTP ${result.status}` : `${result.kind} (${result.reason})`
