// Before anything is measured: does each contender really do what is asked of it?
import { randomUUID } from 'node:crypto'
import { body, key, marker, sendPath, spentKey } from '../measure.js'

/** One send with `fetch`; `bearer` and `text` where they are not the usual ones. */
export async function ask(target, { idempotencyKey = randomUUID(), bearer = key, text } = {}) {
  const response = await fetch(`${target.url}${target.path ?? sendPath}`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${bearer}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': idempotencyKey,
      ...target.headers,
    },
    body: text ?? target.body ?? body,
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** Fails unless `target` answers a send with 200 and what this run's upstream says. */
export async function verify(target) {
  const { status, text } = await ask(target)
  if (status !== 200 || !text.includes(marker)) {
    throw new Error(`${target.name} answers ${status}: ${text.slice(0, 300)}`)
  }
}

/** Fails unless the gateway replays and refuses as it should: else a row would measure something else. */
export async function verifyGateway(gateway) {
  const idempotencyKey = 'replayed-once'
  const expected = [
    [{ idempotencyKey }, 200],
    [{ idempotencyKey }, 200, 'true'],
    [{ bearer: 'unknown' }, 401],
    [{ text: body.replace('"to"', '"too"') }, 400],
    [{ bearer: spentKey }, 200],
    [{ bearer: spentKey }, 429],
  ]
  for (const [asked, status, replayed = 'false'] of expected) {
    const answered = await ask(gateway, asked)
    const isReplayed = answered.headers.get('idempotent-replayed') ?? 'false'
    if (answered.status !== status || isReplayed !== replayed) {
      throw new Error(`the gateway answers ${answered.status}, not ${status}: ${answered.text}`)
    }
  }
}
