import type { Charge } from '../../domain/limits.ts'
import type { LedgerEntry, SettledOutcome } from '../../ports.ts'
import { wakeChannel, wakeTopic } from './keys.ts'

/** What the scripts are given after the time, in their order. */

export const rateArguments = (charge: Charge): string[] => [
  charge.class,
  String(charge.tenantPerMinute),
  String(charge.accountPerMinute),
  String(charge.share?.weight ?? ''),
  String(charge.share?.of ?? ''),
]

const requestArguments = ({ charge }: LedgerEntry): string[] => [
  ...rateArguments(charge),
  String(charge.maxConcurrent),
  flag(charge.message !== undefined),
]

/** `awaited`: the owner whose answer the caller waits for, or empty. */
export function openArguments(entry: LedgerEntry, awaited: string): string[] {
  const { charge, owner, slot, tenant } = entry
  const { perDay = '', perMonth = '' } = charge.message ?? {}
  return [
    ...requestArguments(entry),
    String(perDay),
    String(perMonth),
    owner,
    wholeLease(entry),
    slot?.fingerprint ?? '',
    slot?.body ?? '',
    flag(slot !== undefined && slot.waitMs > 0),
    awaited,
    tenant,
  ]
}

/** `answer`: packed; empty when there is none to keep or to hand to those who wait. */
export function settleArguments(
  entry: LedgerEntry,
  { settlement, giveBack, accountTokensLeft }: Omit<SettledOutcome, 'answer'>,
  answer: string,
): string[] {
  const { account, tenant, owner, slot } = entry
  return [
    ...requestArguments(entry),
    owner,
    wholeLease(entry),
    settlement,
    flag(giveBack),
    String(accountTokensLeft ?? ''),
    answer,
    wakeChannel(account),
    slot === undefined ? '' : wakeTopic(tenant, slot.key),
  ]
}

/** The scripts count in whole milliseconds. */
const wholeLease = ({ leaseMs }: LedgerEntry): string => String(Math.ceil(leaseMs))

const flag = (set: boolean): string => (set ? '1' : '0')
