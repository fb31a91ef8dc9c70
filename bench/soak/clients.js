// Patient clients: each asks until it has a final answer, always under the same key, and holds every answer to what
// the gateway promises.
import { createHistogram } from 'node:perf_hooks'
import { Agent, request } from 'undici'
import { pause } from '../support/processes.js'

/** Worth another try under the same key; all else is final. */
const again = new Set([409, 429, 502, 503])
/** A client that has no final answer by then gives up, and the run has failed. */
const PATIENCE_MS = 60_000
const MAX_WAIT_MS = 2000
/** What a kept answer takes beyond its texts, as `bench/scale.js` measures it. */
const RECORD_OVERHEAD_BYTES = 280

export function createClients({ origin, token, mix }) {
  const agent = new Agent({ connections: 256, pipelining: 1, headersTimeout: 60_000, bodyTimeout: 60_000 })
  const tally = { asked: 0, answered: 0, byStatus: new Map(), unanswered: [], gaveUp: [], wrong: [] }
  /** Of answers to ordinary requests, the first try of each; microseconds. */
  const times = createHistogram()
  /** Final answers of keyed sends by tenant and key, since `forget`. */
  let finals = new Map()
  let sentWithoutKey = 0
  let unclearWithoutKey = 0
  /** What a ledger in the gateway's memory keeps of these; see `createMemoryLedger`. */
  const kept = { records: 0, bytes: 0 }
  let underWay = 0
  const wrong = (what) => {
    if (tally.wrong.length < 20) tally.wrong.push(what)
  }

  async function ask({ method, path, bearer, key, body }) {
    tally.asked += 1
    const headers = {
      authorization: `Bearer ${bearer}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
    }
    const began = performance.now()
    const answer = await request(origin + path, { method, headers, body, dispatcher: agent })
    const text = await answer.body.text()
    const micros = (performance.now() - began) * 1000
    tally.answered += 1
    const { statusCode: status } = answer
    tally.byStatus.set(status, (tally.byStatus.get(status) ?? 0) + 1)
    return { status, headers: answer.headers, text, micros }
  }

  /** What is promised of every answer. */
  function check({ kind, expect }, { status, headers, text }) {
    const said = `${kind}: ${status} ${text.slice(0, 200)}`
    if (text.includes(token) || JSON.stringify(headers).includes(token)) wrong(`a token is shown: ${kind}`)
    if (!/^req_\w{26}$/.test(headers['x-request-id'] ?? '')) wrong(`no request id: ${said}`)
    if (status === 500) wrong(said)
    const outcome = headers['gateway-outcome'] ?? ''
    if (status >= 400 && !/^(not_sent|unknown|sent)$/.test(outcome)) wrong(`no outcome: ${said}`)
    if (status === 503 ? outcome !== 'not_sent' : status === 502 && outcome === 'not_sent') {
      wrong(`${outcome}: ${said}`)
    }
    if (expect !== undefined && status !== expect) wrong(`not ${expect}: ${said}`)
    let body
    try {
      body = JSON.parse(text)
    } catch {
      wrong(`no JSON: ${said}`)
    }
    if (status >= 400 && typeof body?.error?.code !== 'string') wrong(`no envelope: ${said}`)
    return body
  }

  function keep({ tenant, key }, text) {
    kept.records += 1
    kept.bytes += text.length + tenant.length + key.length + RECORD_OVERHEAD_BYTES
  }

  /** Two final answers under one key must be the same. */
  function remember(asked, { status, text }, body) {
    const { kind, tenant, key } = asked
    const slot = `${tenant} ${key}`
    const known = finals.get(slot)
    const now = { tenant, key, status, id: body?.data?.id ?? body?.error?.code }
    if (known === undefined) {
      finals.set(slot, now)
      keep(asked, text)
    } else if (known.status !== status || known.id !== now.id) {
      wrong(`${kind} under ${slot}: ${status} ${now.id} after ${known.status} ${known.id}`)
    }
  }

  async function beClient(asked) {
    const end = performance.now() + PATIENCE_MS
    for (let tries = 0; ; tries += 1) {
      let answer
      try {
        answer = await ask(asked)
      } catch (error) {
        tally.unanswered.push(`${asked.kind}: ${error.message}`)
        return
      }
      if (tries === 0 && !asked.body?.includes('+999')) times.record(Math.max(1, Math.round(answer.micros)))
      const body = check(asked, answer)
      const { status, headers } = answer
      const isSend = asked.kind === 'keyed send' || asked.kind === 'duplicate'
      const isUnkeyedSend = asked.kind === 'send without a key'
      if (isUnkeyedSend && headers['gateway-outcome'] !== 'not_sent' && status >= 500) unclearWithoutKey += 1
      if (!again.has(status)) {
        if (isSend) remember(asked, answer, body)
        else if (asked.key !== undefined && status < 300) keep(asked, answer.text)
        if (isUnkeyedSend && status < 300) sentWithoutKey += 1
        if (isSend && status < 300) mix.sent(asked, body.data.id)
        return
      }
      if (performance.now() > end) {
        tally.gaveUp.push(`${asked.kind}: still ${status} ${body?.error?.code}`)
        return
      }
      const wait = Number(headers['retry-after'] ?? 0.2) * 1000
      await pause(Math.min(wait, MAX_WAIT_MS) * (0.5 + Math.random()))
    }
  }

  return {
    tally,
    times,
    kept,
    underWay: () => underWay,
    /** Starts a client; it lives by itself. */
    start(asked) {
      underWay += 1
      return beClient(asked).finally(() => {
        underWay -= 1
      })
    },
    /** Final answers since `forget`, and what went out without a key. */
    outcomes: () => ({ finals: [...finals.values()], sentWithoutKey, unclearWithoutKey }),
    forget() {
      finals = new Map()
      sentWithoutKey = 0
      unclearWithoutKey = 0
    },
    close: () => agent.close(),
  }
}
