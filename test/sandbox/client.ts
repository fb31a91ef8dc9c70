import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { demoToken } from '../../src/sandbox/organisation.ts'
import { type RunningSandbox, type ServeSandboxOptions, serveSandbox } from '../../src/sandbox/serve.ts'

export const phoneNumberId = '106540352242922'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The JSON of the answer; which parts are really there is what the tests are about. */
  readonly body: Envelope
  /** The same JSON, seen as a list. */
  readonly page: Page
}

interface Envelope {
  readonly data: Resource
  readonly error: {
    readonly type: string
    readonly code: string
    readonly message: string
    readonly param?: string
    readonly provider_code?: number
    readonly request_id: string
  }
  readonly request_id: string
}

interface Resource {
  readonly id: string
  readonly object: string
  readonly status: string
  readonly created_at: string
  readonly conversation_id: string
  readonly message_id: string
  readonly phone_number_id: string
  readonly organization: unknown
  readonly error: unknown
}

interface Page {
  readonly data: readonly Resource[]
  readonly next_cursor: string
}

export interface Call {
  readonly method?: string
  readonly token?: string | null
  readonly key?: string
  readonly headers?: Record<string, string>
  /** A string goes out as it is, anything else as JSON. */
  readonly body?: unknown
  readonly signal?: AbortSignal
}

/** Calls a path of the API as its demo customer. */
export async function call(sandbox: RunningSandbox, path: string, options: Call = {}): Promise<Answer> {
  const { token = demoToken, key, headers, body, signal = AbortSignal.timeout(5000) } = options
  const response = await fetch(`${sandbox.url}${path}`, {
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(token !== null && { Authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(key !== undefined && { 'Idempotency-Key': key }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    redirect: 'manual',
    signal,
  })
  const text = await response.text()
  const json = parse(text)
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: json as Envelope,
    page: json as Page,
  }
}

/** Undefined: not JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const textTo = (to: string, body = 'Hello') => ({
  messaging_product: 'whatsapp',
  to,
  type: 'text',
  text: { body },
})

export const receiptOf = (message_id: string) => ({
  messaging_product: 'whatsapp',
  status: 'read',
  message_id,
})

/** Posts to the demo number. */
export function post(sandbox: RunningSandbox, body: unknown, options: Call = {}): Promise<Answer> {
  return call(sandbox, `/v1/${phoneNumberId}/messages`, { ...options, body })
}

/** A sandbox on a free port that is closed after the test. */
export async function start(options: ServeSandboxOptions = {}): Promise<RunningSandbox> {
  const sandbox = await serveSandbox(options)
  onTestFinished(() => sandbox.close())
  return sandbox
}

/** Lets `attempt` begin, hangs up a moment after `arrived` has become true, and gives the failure. */
export async function hangUp(
  arrived: () => boolean,
  attempt: (signal: AbortSignal) => Promise<Answer>,
  patienceMs = 15,
): Promise<string> {
  const controller = new AbortController()
  const failure = failureOf(attempt(controller.signal))
  while (!arrived()) await sleep(1)
  // Long enough for an answer to come, if there is one.
  await sleep(patienceMs)
  controller.abort()
  return failure
}

/** How a request without an answer failed: the error code, the name of an abort, or the words of the client. */
export async function failureOf(attempt: Promise<Answer>): Promise<string> {
  const error = await attempt.then(
    ({ status }) => new Error(`answered with ${status}`),
    (reason) => reason,
  )
  const { code, name, message } = error.cause ?? error
  if (code === 'UND_ERR_SOCKET') return message
  // Its code is given by some versions of Node and not by others.
  if (name === 'HTTPParserError') return name
  return typeof code === 'string' ? code : name
}
