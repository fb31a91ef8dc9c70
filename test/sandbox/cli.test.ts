import { describe, expect, it } from 'vitest'
import { sandbox } from '../../src/cli/sandbox.ts'

/** Runs the command; `stop` stands in for SIGTERM. */
function run(args: string[]) {
  const { promise: stopped, resolve: stop } = withResolvers()
  const { promise: printed, resolve: print } = withResolvers<string>()
  return { exit: sandbox(args, { out: print }, stopped), printed, stop: () => stop() }
}

function withResolvers<T = void>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

describe('kirim-gateway sandbox', () => {
  it('prints where it is and how to call it, and serves until it is told to stop', async () => {
    const { exit, printed, stop } = run(['--port', '0', '--token', 'mine', '--write-per-minute', '7'])
    const text = await printed
    const baseUrl = /at (http:\/\/127\.0\.0\.1:\d+\/v1)\n/.exec(text)?.[1] ?? 'nowhere'
    const path = new RegExp(`curl ${baseUrl}(\\S+)`).exec(text)?.[1]
    const response = await fetch(`${baseUrl}${path}`, {
      method: 'POST',
      headers: { Authorization: 'Bearer mine', 'Content-Type': 'application/json' },
      body: /-d '(.*)'/.exec(text)?.[1] ?? '',
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('x-ratelimit-limit')).toBe('7')
    stop()
    expect(await exit).toBe(0)
    await expect(fetch(`${baseUrl}/health`)).rejects.toThrow()
  })

  it.each([
    [['--port', 'http']],
    [['--port', '65536']],
    [['--write-per-minute', '0']],
    [['--read-per-minute=-1']],
    [['--token', '']],
  ])('refuses %j as a usage error', async (args) => {
    await expect(run(args).exit).rejects.toMatchObject({ exitCode: 2 })
  })

  it('says that its address cannot be had', async () => {
    const first = run(['--port', '0'])
    const port = /:(\d+)\/v1\n/.exec(await first.printed)?.[1] ?? ''
    await expect(run(['--port', port]).exit).rejects.toMatchObject({
      exitCode: 1,
      message: 'cannot listen on 127.0.0.1: EADDRINUSE',
    })
    first.stop()
    await first.exit
  })
})
