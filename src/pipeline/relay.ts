import type { Operation } from '../domain/judge.ts'
import type { Credential } from '../domain/tenant.ts'
import type { MaybePromise } from '../ports.ts'
import { readCharge } from './charges.ts'
import { type ExchangePorts, exchange, leaseMs } from './exchange.ts'
import type { Reply } from './reply.ts'

/** A read that is passed on. */
export interface Reading {
  readonly requestId: string
  readonly credential: Credential
  readonly operation: Extract<Operation, 'list' | 'item'>
  /** Path and query below the upstream's base URL; every part validated or encoded. */
  readonly path: string
}

/** One GET: the same custody, quota and error rules as a send, without a key. */
export function relay(
  ports: ExchangePorts,
  { requestId, credential, operation, path }: Reading,
): MaybePromise<Reply> {
  const { tenant } = credential
  const { account } = tenant
  return exchange(ports, {
    operation,
    account,
    entry: {
      account: account.id,
      tenant: tenant.id,
      owner: requestId,
      leaseMs: leaseMs(ports.timeoutMs),
      charge: readCharge(tenant),
    },
    call: () => ({
      method: 'GET',
      path,
      account: account.id,
      token: account.token,
      nextToken: account.nextToken,
      requestId,
    }),
  })
}
