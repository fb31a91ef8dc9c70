import { wakeChannel, wakeTopic } from './keys.js';
/** What the scripts are given after the time, in their order. */
export const rateArguments = ({ class: rateClass, tenantPerMinute, accountPerMinute }) => [
    rateClass,
    String(tenantPerMinute),
    String(accountPerMinute),
];
const requestArguments = ({ charge }) => [
    ...rateArguments(charge),
    String(charge.maxConcurrent),
    flag(charge.message !== undefined),
];
/** `awaited`: the owner whose answer the caller waits for, or empty. */
export function openArguments(entry, awaited) {
    const { charge, owner, slot } = entry;
    const { perDay = '', perMonth = '' } = charge.message ?? {};
    return [
        ...requestArguments(entry),
        String(perDay),
        String(perMonth),
        owner,
        wholeLease(entry),
        slot?.fingerprint ?? '',
        flag(slot !== undefined && slot.waitMs > 0),
        awaited,
    ];
}
/** `answer`: packed; empty when there is none to keep or to hand to those who wait. */
export function settleArguments(entry, settlement, giveBack, answer) {
    const { account, tenant, owner, slot } = entry;
    return [
        ...requestArguments(entry),
        owner,
        wholeLease(entry),
        settlement,
        flag(giveBack),
        answer,
        wakeChannel(account),
        slot === undefined ? '' : wakeTopic(tenant, slot.key),
    ];
}
/** The scripts count in whole milliseconds. */
const wholeLease = ({ leaseMs }) => String(Math.ceil(leaseMs));
const flag = (set) => (set ? '1' : '0');
