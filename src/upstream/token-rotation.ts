import type { EpochMs, Secret } from '../domain/tenant.ts'
import type { UpstreamCall, UpstreamResult } from '../domain/upstream.ts'
import { errorMeaningOf } from '../domain/upstream-meaning.ts'
import type { Clock, Telemetry, UpstreamLayer, UpstreamTransport } from '../ports.ts'

export interface RotationPorts {
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** When the upstream last refused a token; absent: it works, as far as is known. */
  readonly refused: WeakMap<Secret, number>
}

/** A refused token is looked at again, beside the other one, at most this often. */
const LOOK_AGAIN_MS = 60_000

/**
 * With two tokens: the first that works is used. When the upstream refuses the one in use, the other is tried
 * at once, since a refusal of credentials sends nothing.
 */
export function withTokenRotation({ clock, telemetry, refused }: RotationPorts): UpstreamLayer {
  const attempt = async (next: UpstreamTransport, call: UpstreamCall, token: Secret, deadline: EpochMs) => {
    const result = await next({ ...call, token }, deadline)
    if (isRefusal(result)) {
      if (!refused.has(token)) {
        const { account, requestId } = call
        const which = token === call.nextToken ? 'nextToken' : 'token'
        telemetry.record({ event: 'token_refused', account, which, requestId })
      }
      refused.set(token, clock.monotonic())
    } else if (isAcceptance(result)) refused.delete(token)
    return result
  }

  /** Whether the other token is worth a call; taken at once, so that of many requests one looks. */
  const mayLookAt = (token: Secret): boolean => {
    const since = refused.get(token)
    if (since === undefined) return true
    if (clock.monotonic() - since < LOOK_AGAIN_MS) return false
    refused.set(token, clock.monotonic())
    return true
  }

  const attemptBoth = async (
    next: UpstreamTransport,
    call: UpstreamCall,
    other: Secret,
    deadline: EpochMs,
  ) => {
    const { token } = call
    const nextFirst = refused.has(token) && !refused.has(other)
    const [first, second] = nextFirst ? [other, token] : [token, other]
    const result = await attempt(next, call, first, deadline)
    return isRefusal(result) && mayLookAt(second) ? attempt(next, call, second, deadline) : result
  }

  return (next) => (call, deadline) =>
    call.nextToken === undefined ? next(call, deadline) : attemptBoth(next, call, call.nextToken, deadline)
}

const isRefusal = (result: UpstreamResult): boolean => errorMeaningOf(result)?.kind === 'credential'

/** The upstream has looked at more than the token. A 5xx or 429 may come from a proxy that never saw it. */
const isAcceptance = (result: UpstreamResult): boolean =>
  result.kind === 'answered' && result.status < 500 && result.status !== 429
