import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SandboxStats } from '../../src/sandbox/counters.ts'
import type { LoggedRequest } from '../../src/sandbox/request-log.ts'
import {
  acmeNumber,
  CANARY,
  config,
  gatewaySecret,
  globexNumber,
  keyOf,
  secretBytes,
  secrets,
  sha256,
  text,
  tokens,
} from '../support/fixture.ts'

export interface GatewayOptions {
  /** Config as JSON text. */
  readonly config: string
  readonly secrets: Readonly<Record<string, string>>
  readonly gatewaySecret: string
}

/** One running gateway, whatever it runs on. */
export interface GatewayHarness {
  request(path: string, init?: RequestInit): Promise<Response>
  /** All that the gateway has written: log lines, metrics. */
  output(): Promise<string>
  close(): Promise<void>
}

export interface GatewayRuntime {
  /** The sandbox that all gateways of the suite stand in front of. */
  readonly sandboxUrl: string
  start(options: GatewayOptions): Promise<GatewayHarness>
  /** Headers that the runtime's HTTP client itself adds to an upstream request. */
  readonly clientHeaders: readonly string[]
  /** Whether the runtime can tell a request that was never written from one that may have been. */
  readonly provesNotSent: boolean
}

interface Sent {
  readonly tenant?: string
  readonly number?: string
  readonly key?: string
  readonly headers?: Record<string, string>
  /** Anything but a string is sent as JSON. */
  readonly body?: unknown
}

interface Seen {
  readonly status: number
  readonly headers: Headers
  readonly raw: string
  // biome-ignore lint/suspicious/noExplicitAny: bodies are looked into freely
  readonly body: any
}

let keys = 0
const newKey = (): string => `suite-${Date.now()}-${++keys}`

/** What every gateway must do, whatever it runs on. */
export function gatewaySuite(name: string, runtime: () => Promise<GatewayRuntime>): void {
  describe(`the gateway on ${name}`, () => {
    let host: GatewayRuntime
    let gateway: GatewayHarness
    /** Tries nothing again by itself: what the upstream says once is what the caller sees. */
    let once: GatewayHarness

    const startGateway = (upstream: Record<string, unknown> = {}, baseUrl = `${host.sandboxUrl}/v1`) =>
      host.start({ config: JSON.stringify(config(baseUrl, upstream)), secrets, gatewaySecret })

    beforeAll(async () => {
      host = await runtime()
      gateway = await startGateway()
      once = await startGateway({ maxRetries: 0 })
    })
    afterAll(async () => {
      for (const each of [gateway, once]) {
        expect(await each.output(), 'no token in logs and metrics').not.toContain(CANARY)
        await each.close()
      }
    })

    /** Sends one request and holds its answer to what is promised of every answer. */
    const call = async (path: string, init: RequestInit = {}, on = gateway): Promise<Seen> => {
      const response = await on.request(path, init)
      const raw = await response.text()
      const { status, headers } = response
      expect(JSON.stringify([...headers]) + raw, 'no token in an answer').not.toContain(CANARY)
      expect(headers.get('content-type')).toBe('application/json')
      expect(headers.get('x-request-id')).toMatch(/^req_[0-9A-HJKMNP-TV-Z]{26}$/)
      const body = init.method === 'HEAD' ? undefined : JSON.parse(raw)
      if (status >= 400 && body !== undefined) {
        expect(Object.keys(body)).toEqual(['error'])
        expect(headers.get('gateway-outcome')).toMatch(/^(not_sent|unknown|sent)$/)
        if (status === 503) expect(headers.get('gateway-outcome')).toBe('not_sent')
        if (status === 502) expect(headers.get('gateway-outcome')).not.toBe('not_sent')
        if (status === 429 || status === 503) expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
      }
      const requestId = status < 400 ? body?.request_id : body?.error.request_id
      if (headers.get('idempotent-replayed') !== 'true' && body !== undefined) {
        expect(requestId).toBe(headers.get('x-request-id'))
      }
      return { status, headers, raw, body }
    }

    const post = (sent: Sent = {}, on = gateway): Promise<Seen> => {
      const { tenant = 'billing', number = acmeNumber, key, headers = {}, body = text() } = sent
      return call(
        `/v1/${number}/messages`,
        {
          method: 'POST',
          headers: {
            authorization: `Bearer ${keyOf(tenant)}`,
            'content-type': 'application/json',
            ...(key !== undefined && { 'idempotency-key': key }),
            ...headers,
          },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        },
        on,
      )
    }
    const get = (path: string, tenant = 'billing', on = gateway): Promise<Seen> =>
      call(path, { headers: { authorization: `Bearer ${keyOf(tenant)}` } }, on)
    /** Waits as long as an answer says; until then the account's calls are turned away. */
    const waitAsTold = (seen: Seen): Promise<void> =>
      new Promise((resolve) => setTimeout(resolve, Number(seen.headers.get('retry-after')) * 1000 + 20))

    const inspect = async <T>(path: string): Promise<T> => {
      const response = await fetch(`${host.sandboxUrl}/_sandbox/${path}`)
      return (await response.json()) as T
    }
    const stats = (): Promise<SandboxStats> => inspect<SandboxStats>('stats')
    const lastRequest = async (): Promise<LoggedRequest> => {
      const [last] = await inspect<LoggedRequest[]>('requests?last=1')
      if (last === undefined) throw new Error('the sandbox has seen no request')
      return { ...last, headers: last.headers.map(([header, value]) => [header.toLowerCase(), value]) }
    }
    const derivedKey = (tenant: string, key: string): string => {
      const part = (value: string) => {
        const length = Buffer.alloc(4)
        length.writeUInt32BE(Buffer.byteLength(value))
        return Buffer.concat([length, Buffer.from(value)])
      }
      return createHmac('sha256', secretBytes)
        .update(Buffer.concat([Buffer.from('v1'), part(tenant), part(key)]))
        .digest('hex')
    }
    /** Messages that were really sent under the caller's key. */
    const sentUnder = async (key: string, tenant = 'billing'): Promise<number> =>
      (await stats()).byKey[derivedKey(tenant, key)]?.sent ?? 0

    const expectError = (seen: Seen, status: number, type: string, code: string, outcome = 'not_sent') => {
      expect({
        status: seen.status,
        type: seen.body.error?.type,
        code: seen.body.error?.code,
        outcome: seen.headers.get('gateway-outcome'),
      }).toEqual({ status, type, code, outcome })
    }

    describe('sending', () => {
      it('accepts a message and answers in the envelope of the upstream, under its own request id', async () => {
        const seen = await post({ key: newKey() })
        expect(seen.status).toBe(200)
        expect(seen.body.data).toMatchObject({ object: 'message', to: '+14155550123', type: 'text' })
        expect(seen.body.data.id).toMatch(/^msg_/)
        expect(seen.headers.get('x-upstream-request-id')).toMatch(/^req_/)
        expect(seen.headers.get('x-upstream-request-id')).not.toBe(seen.headers.get('x-request-id'))
        expect(seen.headers.get('idempotent-replayed')).toBe('false')
      })

      it('builds the upstream request from nothing: none of the caller’s headers goes out', async () => {
        const key = newKey()
        const headers = {
          cookie: 'session=1',
          'x-forwarded-for': '10.0.0.1',
          'x-request-id': 'caller-id',
          'user-agent': 'caller/1',
          'x-custom': 'caller',
          'accept-language': 'id',
        }
        await post({ key, headers })
        const { headers: arrived } = await lastRequest()
        const names = arrived.map(([header]) => header)
        const own = [
          'authorization',
          'accept',
          'user-agent',
          'x-request-id',
          'content-type',
          'idempotency-key',
        ]
        expect(names.filter((header) => !host.clientHeaders.includes(header)).sort()).toEqual(own.sort())
        expect(JSON.stringify(arrived)).not.toContain('caller')
        expect(Object.fromEntries(arrived)).toMatchObject({
          'content-type': 'application/json',
          'idempotency-key': derivedKey('billing', key),
          'x-request-id': expect.stringMatching(/^req_/),
        })
      })

      it('shows each account its own token, whatever the caller sends', async () => {
        const bearer = (token: string) => `sha256:${sha256(`Bearer ${token}`).slice(0, 12)}`
        await post()
        expect(Object.fromEntries((await lastRequest()).headers).authorization).toBe(bearer(tokens.acme))
        await post({ tenant: 'globex', number: globexNumber })
        expect(Object.fromEntries((await lastRequest()).headers).authorization).toBe(bearer(tokens.globex))
      })

      it('sends the normalised body in canonical form, never the caller’s bytes', async () => {
        const body = `{ "type":"text", "to":"00 62 (812) 3456-7890", "zzz":{"b":1e2,"a":"\\u00fc"}, "type":"text",
          "text":{"preview_url":false,"body":"Hi"}, "messaging_product":"whatsapp" }`
        expect((await post({ body })).status).toBe(200)
        expect((await lastRequest()).body).toBe(
          '{"messaging_product":"whatsapp","recipient_type":"individual","text":{"body":"Hi","preview_url":false},' +
            '"to":"+6281234567890","type":"text","zzz":{"a":"ü","b":100}}',
        )
      })

      it('makes a key of its own for a request without one, and promises no replay', async () => {
        const seen = await post()
        expect(seen.headers.has('idempotent-replayed')).toBe(false)
        const first = Object.fromEntries((await lastRequest()).headers)['idempotency-key']
        await post()
        const second = Object.fromEntries((await lastRequest()).headers)['idempotency-key']
        expect(first).toMatch(/^[0-9a-f]{64}$/)
        expect(second).toMatch(/^[0-9a-f]{64}$/)
        expect(first).not.toBe(second)
      })

      it('passes a read receipt on', async () => {
        const body = { status: 'read', message_id: 'wamid.HBgLMTQxNTU1NTAxMjMVAgASGBQz' }
        const seen = await post({ body })
        expect(seen.status).toBe(200)
        expect(seen.body.data.status).toBe('read')
        expect(JSON.parse((await lastRequest()).body)).toEqual({ ...body, messaging_product: 'whatsapp' })
      })

      it('passes 202 on as 202', async () => {
        expect((await post({ body: text('+999020200') })).status).toBe(202)
      })

      it('takes a charset of utf-8 and a bearer scheme in any case', async () => {
        const headers = {
          'content-type': 'Application/JSON; charset="UTF-8"',
          authorization: `bEARER ${keyOf('billing')}`,
        }
        expect((await post({ headers })).status).toBe(200)
      })

      it('reads national numbers in the tenant’s country, and only there', async () => {
        expect((await post({ tenant: 'crm', body: text('0812-3456-7890') })).body.data.to).toBe(
          '+6281234567890',
        )
        expectError(
          await post({ body: text('0812-3456-7890') }),
          400,
          'invalid_request_error',
          'invalid_phone_number',
        )
      })
    })

    describe('refusals of the gateway’s own', () => {
      const rows: [string, Sent, number, string, string, string?][] = [
        ['no JSON', { body: '{"a":' }, 400, 'invalid_request_error', 'invalid_json'],
        ['an empty body', { body: '' }, 400, 'invalid_request_error', 'invalid_json'],
        ['a list', { body: '[]' }, 400, 'invalid_request_error', 'invalid_json'],
        ['a bare null', { body: 'null' }, 400, 'invalid_request_error', 'invalid_json'],
        ['a lone surrogate', { body: '{"a":"\\ud800"}' }, 400, 'invalid_request_error', 'invalid_json'],
        [
          'a __proto__ key',
          { body: '{"__proto__":{"type":"text"}}' },
          400,
          'invalid_request_error',
          'invalid_json',
        ],
        [
          'a depth of 33',
          { body: `${'{"a":'.repeat(33)}1${'}'.repeat(33)}` },
          400,
          'invalid_request_error',
          'invalid_json',
        ],
        ['a depth of 100,000', { body: '['.repeat(100_000) }, 400, 'invalid_request_error', 'invalid_json'],
        [
          'no recipient',
          { body: { ...text(), to: undefined } },
          400,
          'invalid_request_error',
          'missing_required_field',
          'to',
        ],
        [
          'no variant',
          { body: { ...text(), text: undefined } },
          400,
          'invalid_request_error',
          'missing_required_field',
          'text',
        ],
        [
          'an unknown type',
          { body: { ...text(), type: 'sticker' } },
          400,
          'invalid_request_error',
          'invalid_field_value',
          'type',
        ],
        [
          'an empty text',
          { body: text(undefined, '') },
          400,
          'invalid_request_error',
          'invalid_field_value',
          'text.body',
        ],
        [
          'a link into a private network',
          { body: { ...text(), type: 'image', image: { link: 'https://169.254.169.254/latest' } } },
          400,
          'invalid_request_error',
          'invalid_field_value',
          'image.link',
        ],
        ['a bad number', { body: text('12') }, 400, 'invalid_request_error', 'invalid_phone_number', 'to'],
        ['an empty key', { key: '' }, 400, 'invalid_request_error', 'invalid_idempotency_key'],
        ['a key of 256', { key: 'k'.repeat(256) }, 400, 'invalid_request_error', 'invalid_idempotency_key'],
        ['a key with a blank', { key: 'a b' }, 400, 'invalid_request_error', 'invalid_idempotency_key'],
        ['an empty quoted key', { key: '""' }, 400, 'invalid_request_error', 'invalid_idempotency_key'],
        [
          'another scheme',
          { headers: { authorization: 'Basic abc' } },
          401,
          'authentication_error',
          'invalid_api_key',
        ],
        ['an unknown key', { tenant: 'nobody' }, 401, 'authentication_error', 'invalid_api_key'],
        [
          'an upstream token as the key',
          { headers: { authorization: `Bearer ${tokens.acme}` } },
          401,
          'authentication_error',
          'invalid_api_key',
        ],
        ['an expired key', { tenant: 'old' }, 401, 'authentication_error', 'expired_api_key'],
        ['a key without the scope', { tenant: 'read' }, 403, 'permission_error', 'scope_not_allowed'],
        ['a suspended tenant', { tenant: 'suspended' }, 403, 'permission_error', 'tenant_suspended'],
        ['a foreign number', { number: globexNumber }, 404, 'not_found', 'resource_not_found'],
        [
          'another content type',
          { headers: { 'content-type': 'text/plain' } },
          415,
          'invalid_request_error',
          'unsupported_media_type',
        ],
        [
          'another charset',
          { headers: { 'content-type': 'application/json; charset=latin1' } },
          415,
          'invalid_request_error',
          'unsupported_media_type',
        ],
        [
          'a body over 256 KiB',
          { body: text(undefined, 'x'.repeat(256 * 1024)) },
          413,
          'invalid_request_error',
          'payload_too_large',
        ],
      ]
      it.each(rows)('refuses %s', async (_, sent, status, type, code, param) => {
        const before = await stats()
        const seen = await post(sent)
        expectError(seen, status, type, code)
        expect(seen.body.error.param).toBe(param)
        expect(seen.headers.has('x-ratelimit-limit'), 'a refusal charges nothing').toBe(false)
        expect((await stats()).requests, 'nothing goes upstream').toBe(before.requests)
      })

      it('refuses bytes that are not UTF-8', async () => {
        const seen = await call(`/v1/${acmeNumber}/messages`, {
          method: 'POST',
          headers: { authorization: `Bearer ${keyOf('billing')}`, 'content-type': 'application/json' },
          body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
        })
        expectError(seen, 400, 'invalid_request_error', 'invalid_json')
      })

      it('asks for a key', async () => {
        expectError(await call('/v1/me'), 401, 'authentication_error', 'missing_api_key')
      })

      it('refuses a body without a content type', async () => {
        const seen = await call(`/v1/${acmeNumber}/messages`, {
          method: 'POST',
          headers: { authorization: `Bearer ${keyOf('billing')}` },
          body: new TextEncoder().encode(JSON.stringify(text())),
        })
        expectError(seen, 415, 'invalid_request_error', 'unsupported_media_type')
      })

      it('answers foreign, unknown and malformed numbers with one and the same body', async () => {
        const bodies = await Promise.all(
          [globexNumber, '999999999999', 'abc', '12', '1%2F2', '%2e%2e'].map(async (number) => {
            const seen = await post({ number })
            return seen.status === 404 && seen.raw.replace(seen.body.error.request_id, '')
          }),
        )
        expect(new Set(bodies).size).toBe(1)
        const upstream = await post({ body: text('+999040400') })
        expect(upstream.raw.replace(upstream.body.error.request_id, '')).toBe(bodies[0])
        const forbidden = await post({ body: text('+999040300') })
        expect(forbidden.raw.replace(forbidden.body.error.request_id, '')).toBe(bodies[0])
      })

      it('checks in the order that is documented', async () => {
        const wrong = { number: 'abc', body: 'no json', headers: { 'content-type': 'text/plain' } }
        expectError(
          await post({ ...wrong, tenant: 'nobody' }),
          401,
          'authentication_error',
          'invalid_api_key',
        )
        expectError(await post({ ...wrong, tenant: 'read' }), 403, 'permission_error', 'scope_not_allowed')
        expectError(await post(wrong), 404, 'not_found', 'resource_not_found')
        expectError(
          await post({ ...wrong, number: acmeNumber }),
          415,
          'invalid_request_error',
          'unsupported_media_type',
        )
      })

      it('knows unknown routes before it asks for a key, and a trailing slash is another route', async () => {
        for (const path of ['/', '/v1', '/v2/me', '/v1/me/', `/v1/${acmeNumber}/messages/`, '/v1/contacts']) {
          expectError(await call(path), 404, 'not_found', 'resource_not_found')
        }
        expectError(await call('/metrics'), 404, 'not_found', 'resource_not_found')
      })

      it('names the methods of a route before it asks for a key', async () => {
        for (const [method, path, allow] of [
          ['DELETE', `/v1/${acmeNumber}/messages`, 'GET, HEAD, POST'],
          ['OPTIONS', `/v1/${acmeNumber}/messages`, 'GET, HEAD, POST'],
          ['POST', '/v1/me', 'GET, HEAD'],
          ['POST', '/healthz', 'GET, HEAD'],
        ] as const) {
          const seen = await call(path, { method })
          expectError(seen, 405, 'invalid_request_error', 'method_not_allowed')
          expect(seen.headers.get('allow')).toBe(allow)
        }
      })
    })

    describe('errors of the upstream', () => {
      const rows: [to: string, what: string, number, string, string, string?][] = [
        ['+999040000', 'a 400 of its own', 400, 'invalid_request_error', 'invalid_field_value'],
        ['+999040001', 'a 400 in HTML', 400, 'invalid_request_error', 'invalid_field_value'],
        ['+999042201', 'a 422 of its own', 422, 'invalid_request_error', 'account_not_connected'],
        ['+999040100', 'a 401 about the token', 503, 'api_error', 'upstream_auth_failed'],
        ['+999040900', 'a 409 about the derived key', 422, 'invalid_request_error', 'idempotency_key_reuse'],
        ['+999042200', 'a 422 about the derived key', 422, 'invalid_request_error', 'idempotency_key_reuse'],
        ['+999050000', 'a 500', 502, 'api_error', 'whatsapp_upstream_error', 'unknown'],
        ['+999050001', 'an empty 500', 502, 'api_error', 'whatsapp_upstream_error', 'unknown'],
        ['+999050200', 'a 502', 502, 'api_error', 'whatsapp_upstream_error', 'unknown'],
        [
          '+999050202',
          'a 502 in HTML that repeats the token',
          502,
          'api_error',
          'whatsapp_upstream_error',
          'unknown',
        ],
        ['+999050300', 'a 503', 502, 'api_error', 'whatsapp_upstream_error', 'unknown'],
        ['+999050400', 'a 504', 502, 'api_error', 'whatsapp_upstream_error', 'unknown'],
        ['+999030200', 'a redirect', 502, 'api_error', 'whatsapp_upstream_error', 'unknown'],
        [
          '+999000011',
          'a reset after it was accepted',
          502,
          'api_error',
          'upstream_outcome_unknown',
          'unknown',
        ],
        [
          '+999000013',
          'a close after it was accepted',
          502,
          'api_error',
          'upstream_outcome_unknown',
          'unknown',
        ],
        [
          '+999000014',
          'a reset in the middle of a 200',
          502,
          'api_error',
          'upstream_outcome_unknown',
          'sent',
        ],
        ['+999020001', 'a 200 in HTML', 502, 'api_error', 'upstream_outcome_unknown', 'sent'],
        ['+999020002', 'a 200 that is cut short', 502, 'api_error', 'upstream_outcome_unknown', 'sent'],
        ['+999020003', 'a 200 over 1 MiB', 502, 'api_error', 'upstream_outcome_unknown', 'sent'],
        ['+999020005', 'a 200 that is no envelope', 502, 'api_error', 'upstream_outcome_unknown', 'sent'],
        ['+999020006', 'an empty 200', 502, 'api_error', 'upstream_outcome_unknown', 'sent'],
        ['+9991131047', 'a Meta refusal', 422, 'invalid_request_error', 'outside_24h_window'],
        [
          '+9992131026',
          'a Meta refusal hidden in a 502',
          422,
          'invalid_request_error',
          'recipient_not_on_whatsapp',
        ],
        ['+9993132001', 'a named Meta refusal', 422, 'invalid_request_error', 'invalid_template_name'],
        [
          '+9995132015',
          'a Meta refusal in the text of a 502',
          422,
          'invalid_request_error',
          'template_paused',
        ],
        ['+9991000190', 'Meta’s expired token', 503, 'api_error', 'upstream_auth_failed'],
        ['+9992131005', 'Meta’s access denied', 503, 'api_error', 'upstream_auth_failed'],
        ['+9991130429', 'Meta’s throttling', 429, 'rate_limit_error', 'upstream_rate_limited'],
        ['+9992131000', 'a transient Meta failure', 502, 'api_error', 'whatsapp_upstream_error', 'unknown'],
      ]
      it.each(rows)('%s: maps %s', async (to, _, status, type, code, outcome) => {
        const seen = await post({ key: newKey(), body: text(to) }, once)
        expectError(seen, status, type, code, outcome)
        expect(seen.headers.get('idempotent-replayed')).toBe('false')
        expect(seen.headers.get('x-ratelimit-limit')).toBe('100000')
      })

      it.each([
        ['+999042900', 'seconds', 1, 1],
        ['+999042901', 'a date', 1, 2],
      ])('%s: hands the Retry-After of a 429 on, given as %s', async (to, _, least, most) => {
        const seen = await post({ key: newKey(), body: text(to) }, once)
        expectError(seen, 429, 'rate_limit_error', 'upstream_rate_limited')
        const seconds = Number(seen.headers.get('retry-after'))
        expect(seconds).toBeGreaterThanOrEqual(least)
        expect(seconds).toBeLessThanOrEqual(most)
        expect(seen.headers.get('x-ratelimit-limit'), 'never the upstream’s own numbers').toBe('100000')
        await waitAsTold(seen)
      })

      it.each([
        ['+999042902', 'a 429 without Retry-After', 5],
        ['+999042903', 'a 429 for an hour', 3600],
      ])('%s: after %s turns the account’s sends away without a call', async (to, _, seconds) => {
        const limited = await startGateway({ maxRetries: 0 })
        const seen = await post({ key: newKey(), body: text(to) }, limited)
        expectError(seen, 429, 'rate_limit_error', 'upstream_rate_limited')
        expect(seen.headers.get('retry-after')).toBe(String(seconds))
        const before = await stats()
        const key = newKey()
        const next = await post({ key, tenant: 'crm' }, limited)
        expectError(next, 429, 'rate_limit_error', 'upstream_rate_limited')
        expect(Number(next.headers.get('retry-after'))).toBeLessThanOrEqual(seconds)
        expect((await stats()).requests).toBe(before.requests)
        expect((await get(`/v1/${acmeNumber}/messages`, 'billing', limited)).status).toBe(200)
        await limited.close()
      })

      it('blanks the account’s token wherever the upstream repeats it', async () => {
        const echoed = await post({ body: text('+999040002') })
        expect(echoed.body.error.message).toContain('[redacted]')
        expect((await post({ body: text('+999020007') })).body.data.echo).toContain('[redacted]')
      })

      it('never shows the account’s refused token as the caller’s 401, and alerts', async () => {
        const seen = await post({ tenant: 'initech', number: '306540352242922' })
        expectError(seen, 503, 'api_error', 'upstream_auth_failed')
        expect(await gateway.output()).toContain('upstream_auth_failed')
      })

      it('answers 503 and frees the key when nothing can be reached, if the runtime can tell', async () => {
        const cut = await startGateway({}, 'http://127.0.0.1:9/v1')
        const key = newKey()
        if (!host.provesNotSent) {
          expectError(await post({ key }, cut), 502, 'api_error', 'upstream_outcome_unknown', 'unknown')
          return cut.close()
        }
        expectError(await post({ key }, cut), 503, 'api_error', 'service_unavailable')
        expectError(
          await post({ key, body: text('+14155550124') }, cut),
          503,
          'api_error',
          'service_unavailable',
        )
        await cut.close()
      })

      it('ends at its deadline without knowing, and keeps the key bound', async () => {
        const hasty = await startGateway({ timeoutMs: 250 })
        const key = newKey()
        const body = text('+999000012')
        expectError(await post({ key, body }, hasty), 502, 'api_error', 'upstream_outcome_unknown', 'unknown')
        expectError(
          await post({ key, body: text() }, hasty),
          422,
          'invalid_request_error',
          'idempotency_key_reuse',
        )
        const retried = await post({ key, body }, hasty)
        expect(retried.status).toBe(200)
        expect(await sentUnder(key)).toBe(1)
        await hasty.close()
      })

      it('waits out an upstream that is still busy with the key, and says 409 at the deadline', async () => {
        const patient = await startGateway({ timeoutMs: 1500 })
        expect((await post({ key: newKey(), body: text('+9990409011') }, patient)).status).toBe(200)
        const busy = await post({ key: newKey(), body: text('+999040901') }, patient)
        expectError(busy, 409, 'conflict', 'idempotency_in_progress', 'unknown')
        expect(busy.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
        await patient.close()
      })
    })

    describe('idempotency', () => {
      it('replays the first answer byte for byte, under a request id of its own', async () => {
        const key = newKey()
        const first = await post({ key })
        const again = await post({ key })
        expect(again.raw).toBe(first.raw)
        expect(again.headers.get('idempotent-replayed')).toBe('true')
        expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'))
        expect(again.headers.get('x-upstream-request-id')).toBe(first.headers.get('x-upstream-request-id'))
        expect(await sentUnder(key)).toBe(1)
      })

      it('takes differently written requests that mean the same for the same', async () => {
        const key = newKey()
        const first = await post({ key, body: text('+14155550123') })
        const body =
          '{"text":{"body":"Hello"},"type":"text","to":"1 (415) 555-0123","messaging_product":"whatsapp"}'
        const again = await post({ key: `"${key}"`, body })
        expect(again.raw).toBe(first.raw)
        expect(again.headers.get('idempotent-replayed')).toBe('true')
      })

      it('refuses a key for another request, and for another number', async () => {
        const key = newKey()
        await post({ key })
        const other = await post({ key, body: text('+14155550199') })
        expectError(other, 422, 'invalid_request_error', 'idempotency_key_reuse')
        expect(other.headers.get('idempotent-replayed')).toBe('false')
        expect(other.headers.get('x-ratelimit-limit')).toBe('100000')
        const elsewhere = await post({ key, number: '106540352242923' })
        expectError(elsewhere, 422, 'invalid_request_error', 'idempotency_key_reuse')
      })

      it('keeps equal keys of two tenants of one account apart', async () => {
        const key = newKey()
        const [one, two] = await Promise.all([
          post({ key }),
          post({ key, tenant: 'crm', body: text('+14155550777') }),
        ])
        expect([one.status, two.status]).toEqual([200, 200])
        expect(one.body.data.id).not.toBe(two.body.data.id)
      })

      it('replays a refusal for good, and does not call upstream again', async () => {
        const key = newKey()
        const body = text('+9991131047')
        const first = await post({ key, body })
        const before = await stats()
        const again = await post({ key, body })
        expect(again.raw).toBe(first.raw)
        expect(again.status).toBe(422)
        expect(again.headers.get('idempotent-replayed')).toBe('true')
        expect(again.headers.get('gateway-outcome')).toBe('not_sent')
        expect((await stats()).requests).toBe(before.requests)
      })

      it('does not keep what may pass: a 429 is tried again under the same key', async () => {
        const key = newKey()
        const body = text('+9990429001')
        const refused = await post({ key, body }, once)
        expectError(refused, 429, 'rate_limit_error', 'upstream_rate_limited')
        await waitAsTold(refused)
        expect((await post({ key, body }, once)).status).toBe(200)
        expect(await sentUnder(key)).toBe(1)
      })

      it.each([
        ['+999000011', 'a reset after it was accepted'],
        ['+999000014', 'a reset in the middle of the answer'],
        ['+999020002', 'an answer that was cut short'],
        ['+999050209', 'a proxy’s 502 after it was accepted'],
      ])('%s: a retry after %s finds the one message', async (to) => {
        const key = newKey()
        expect((await post({ key, body: text(to) }, once)).status).toBe(502)
        const retried = await post({ key, body: text(to) }, once)
        expect(retried.status).toBe(200)
        expect(retried.headers.get('idempotent-replayed')).toBe('true')
        const again = await post({ key, body: text(to) }, once)
        expect(again.raw).toBe(retried.raw)
        expect(await sentUnder(key)).toBe(1)
      })

      it('sends a message once that failed before it was accepted', async () => {
        const key = newKey()
        const body = text('+9990000011')
        expectError(await post({ key, body }, once), 502, 'api_error', 'upstream_outcome_unknown', 'unknown')
        expect((await post({ key, body }, once)).status).toBe(200)
        expect(await sentUnder(key)).toBe(1)
      })

      it.each([
        ['+9990503002', '503 twice', 3],
        ['+9990000011', 'a reset before it was accepted', 2],
        ['+999000011', 'a reset after it was accepted', 2],
        ['+9990429001', 'a 429', 2],
      ])('%s: tries again by itself after %s, and sends one message', async (to, _, calls) => {
        const patient = await startGateway()
        const key = newKey()
        expect((await post({ key, body: text(to) }, patient)).status).toBe(200)
        expect((await stats()).byKey[derivedKey('billing', key)]).toEqual({ received: calls, sent: 1 })
        await patient.close()
      })

      it('gives 500 concurrent duplicates one message and one answer', async () => {
        const key = newKey()
        const all = await Promise.all(Array.from({ length: 500 }, () => post({ key })))
        expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]))
        expect(new Set(all.map(({ raw }) => raw)).size).toBe(1)
        expect(all.filter(({ headers }) => headers.get('idempotent-replayed') === 'false')).toHaveLength(1)
        expect(await sentUnder(key)).toBe(1)
      })

      it('gives duplicates in flight the owner’s answer, also when its outcome is unknown', async () => {
        const key = newKey()
        const hasty = await startGateway({ timeoutMs: 300 })
        const all = await Promise.all([1, 2, 3].map(() => post({ key, body: text('+999000012') }, hasty)))
        expect(all.map(({ status }) => status)).toEqual([502, 502, 502])
        expect(new Set(all.map(({ raw }) => raw)).size).toBe(1)
        expect((await post({ key, body: text('+999000012') }, hasty)).status).toBe(200)
        expect(await sentUnder(key)).toBe(1)
        await hasty.close()
      })

      it('lets reuse win over waiting', async () => {
        const key = newKey()
        const slow = post({ key, body: text('+999000010') })
        await new Promise((resolve) => setTimeout(resolve, 20))
        const began = Date.now()
        expectError(await post({ key }), 422, 'invalid_request_error', 'idempotency_key_reuse')
        expect(Date.now() - began).toBeLessThan(1000)
        await slow
      })

      it('frees no key and charges nothing for a refusal of its own', async () => {
        const key = newKey()
        expect((await post({ key, body: { ...text(), to: '' } })).status).toBe(400)
        expect((await post({ key })).headers.get('idempotent-replayed')).toBe('false')
      })
    })

    describe('quotas', () => {
      it('admits the rate limit at once, then says when to come back', async () => {
        const left = []
        for (let i = 0; i < 3; i += 1) {
          const seen = await post({ tenant: 'slow' })
          left.push(seen.headers.get('x-ratelimit-remaining'))
        }
        expect(left).toEqual(['2', '1', '0'])
        const refused = await post({ tenant: 'slow', key: newKey() })
        expectError(refused, 429, 'rate_limit_error', 'rate_limit_exceeded')
        const seconds = Number(refused.headers.get('retry-after'))
        expect(seconds).toBeGreaterThan(15)
        expect(seconds).toBeLessThanOrEqual(20)
        expect(refused.headers.get('x-ratelimit-limit')).toBe('3')
        const reset = Number(refused.headers.get('x-ratelimit-reset')) - Date.now() / 1000
        expect(reset).toBeGreaterThan(50)
        expect(reset).toBeLessThanOrEqual(61)
        expect(refused.headers.get('ratelimit-policy')).toBe('"write";q=3;w=60')
        expect(refused.headers.get('ratelimit')).toMatch(/^"write";r=0;t=(5\d|60)$/)
      })

      it('keeps reads apart from writes', async () => {
        const read = () => get(`/v1/${acmeNumber}/messages`, 'slow')
        expect((await read()).headers.get('x-ratelimit-remaining')).toBe('1')
        expect((await read()).status).toBe(200)
        expectError(await read(), 429, 'rate_limit_error', 'rate_limit_exceeded')
      })

      it('admits exactly the limit of 300 parallel requests', async () => {
        const all = await Promise.all(Array.from({ length: 300 }, () => post({ tenant: 'exact' })))
        const sent = all.filter(({ status }) => status === 200).length
        expect(sent).toBeGreaterThanOrEqual(50)
        // The bucket refills while the requests run.
        expect(sent).toBeLessThanOrEqual(52)
        expect(all.every(({ status }) => status === 200 || status === 429)).toBe(true)
      })

      it('counts messages by day and month, receipts not among them', async () => {
        const receipt = { status: 'read', message_id: 'wamid.HBgLMTQxNTU1NTAxMjMVAgASGBQz' }
        const first = await post({ tenant: 'daily' })
        expect(first.headers.get('ratelimit-policy')).toMatch(
          /^"write";q=100000;w=60, "day";q=2;w=86400, "month";q=10;w=\d+$/,
        )
        expect((await post({ tenant: 'daily', body: receipt })).status).toBe(200)
        expect((await post({ tenant: 'daily' })).status).toBe(200)
        const refused = await post({ tenant: 'daily' })
        expectError(refused, 429, 'rate_limit_error', 'quota_exceeded')
        const midnight = new Date().setUTCHours(24, 0, 0, 0)
        expect(Number(refused.headers.get('retry-after'))).toBeCloseTo((midnight - Date.now()) / 1000, -1)
        expect((await post({ tenant: 'daily', body: receipt })).status).toBe(200)
      })

      it('holds the month', async () => {
        expect((await post({ tenant: 'monthly' })).status).toBe(200)
        expectError(await post({ tenant: 'monthly' }), 429, 'rate_limit_error', 'quota_exceeded')
      })

      it('gives back what was not sent', async () => {
        for (const to of ['+999040100', '+9991131047', '+999040000', '+999042900', '+14155550123']) {
          const seen = await post({ tenant: 'returned', key: newKey(), body: text(to) }, once)
          // The last one is a message that the 429 before it holds back.
          expect(seen.status).not.toBe(200)
          expect(seen.headers.get('x-ratelimit-remaining')).toBe('3')
        }
        const me = await get('/v1/me', 'returned', once)
        expect(me.body.data.limits.messages_per_day).toMatchObject({ limit: 3, remaining: 3 })
      })

      it('names the account when it is the account that is used up', async () => {
        // Other tests have spent some of the two.
        const all = await Promise.all([1, 2, 3].map(() => post({ tenant: 'globex', number: globexNumber })))
        const refused = all.find(({ status }) => status === 429)
        if (refused === undefined) throw new Error('nothing was refused')
        expectError(refused, 429, 'rate_limit_error', 'upstream_rate_limited')
        expect(refused.headers.get('x-ratelimit-limit')).toBe('100000')
      })

      it('caps what is under way', async () => {
        const slow = post({ tenant: 'narrow', body: text('+999000010') })
        await new Promise((resolve) => setTimeout(resolve, 30))
        expectError(await post({ tenant: 'narrow' }), 429, 'rate_limit_error', 'concurrency_exceeded')
        await slow
        expect((await post({ tenant: 'narrow' })).status).toBe(200)
      })

      it('caps what all tenants together have under way, health left out', async () => {
        const small = await startGateway({ maxInFlight: 1 })
        const before = await stats()
        const slow = post({ body: text('+999000010') }, small)
        await new Promise((resolve) => setTimeout(resolve, 30))
        const refused = await post({ key: newKey(), tenant: 'crm' }, small)
        expectError(refused, 503, 'api_error', 'service_unavailable')
        expect(refused.headers.get('gateway-outcome')).toBe('not_sent')
        expect(refused.headers.get('retry-after')).toBe('1')
        expect((await call('/v1/health', {}, small)).status).toBe(200)
        expect((await slow).status).toBe(200)
        expect((await stats()).requests).toBe(before.requests + 1)
        expect((await post({ tenant: 'crm' }, small)).status).toBe(200)
        await small.close()
      })
    })

    describe('reading', () => {
      it('lists messages with the query passed on, under its own request id', async () => {
        await post({ body: text('+14155550188') })
        const seen = await get(`/v1/${acmeNumber}/messages?limit=1&direction=outbound`)
        expect(seen.status).toBe(200)
        expect(seen.body.data).toHaveLength(1)
        expect((await lastRequest()).path).toBe(`/v1/${acmeNumber}/messages?limit=1&direction=outbound`)
        expect(seen.headers.get('x-ratelimit-limit')).toBe('100000')
        expect(seen.headers.has('idempotent-replayed')).toBe(false)
      })

      it('reads one message, and knows none of another shape', async () => {
        const sent = await post()
        const seen = await get(`/v1/${acmeNumber}/messages/${sent.body.data.id}`)
        expect(seen.body.data.id).toBe(sent.body.data.id)
        for (const id of ['..', '%2e%2e', 'msg_1', 'a%2Fb', '..%2F..%2Fme']) {
          const before = await stats()
          expect((await get(`/v1/${acmeNumber}/messages/${id}`)).status).toBe(404)
          expect((await stats()).requests).toBe(before.requests)
        }
      })

      it('passes on that there is no such message', async () => {
        const seen = await get(`/v1/${acmeNumber}/messages/msg_00000000000000000000000000`)
        expectError(seen, 404, 'not_found', 'resource_not_found')
      })

      it('passes on what the upstream says of a query', async () => {
        const seen = await get(`/v1/${acmeNumber}/messages?limit=0`)
        expectError(seen, 400, 'invalid_request_error', 'invalid_limit')
      })

      it('asks for the scope and the number', async () => {
        expectError(
          await get(`/v1/${acmeNumber}/messages`, 'send'),
          403,
          'permission_error',
          'scope_not_allowed',
        )
        expectError(await get(`/v1/${globexNumber}/messages`), 404, 'not_found', 'resource_not_found')
      })

      it('works with HEAD where it works with GET', async () => {
        const seen = await call(`/v1/${acmeNumber}/messages`, {
          method: 'HEAD',
          headers: { authorization: `Bearer ${keyOf('billing')}` },
        })
        expect(seen.status).toBe(200)
        expect(seen.raw).toBe('')
      })

      it('tells a caller who it is and what is left, free of charge', async () => {
        const first = await get('/v1/me', 'billing')
        expect(first.body.data).toMatchObject({
          id: 'billing',
          key: { id: 'key_billing', label: 'billing', expires_at: null },
          limits: { write_per_minute: { limit: 100_000 }, messages_per_day: null },
        })
        expect(first.headers.get('x-ratelimit-limit')).toBe('100000')
        expect((await get('/v1/me', 'crm')).body.data.phone_number_ids).toEqual(['*'])
      })

      it('says that it is alive and ready to anyone', async () => {
        for (const path of ['/healthz', '/v1/health', '/readyz']) {
          const seen = await call(path)
          expect(seen.status).toBe(200)
          expect(seen.body.request_id).toBe(seen.headers.get('x-request-id'))
        }
      })
    })
  })
}
