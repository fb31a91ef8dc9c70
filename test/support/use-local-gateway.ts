import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest'
import { type LocalGateway, startLocalGateway } from './local-gateway.ts'
import { closeConnections } from './raw-http.ts'

/**
 * A gateway for all tests of a file: started before them, ended after them. Each test's connections are closed,
 * and nothing may have been printed past the log.
 */
export function useLocalGateway(): Omit<LocalGateway, 'close'> {
  let gateway: LocalGateway
  const printed = [vi.spyOn(console, 'error'), vi.spyOn(console, 'info')]
  beforeAll(async () => {
    gateway = await startLocalGateway()
  })
  afterEach(closeConnections)
  afterAll(async () => {
    await gateway.close()
    for (const spy of printed) expect(spy, 'nothing is printed past the log').not.toHaveBeenCalled()
  })
  return {
    get url() {
      return gateway.url
    },
    get sandbox() {
      return gateway.sandbox
    },
    log: () => gateway.log(),
    open: () => gateway.open(),
  }
}
