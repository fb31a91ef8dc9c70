import type { TestProject } from 'vitest/node'
import { serveSandbox } from '../../../../src/sandbox/serve.ts'
import { organisations } from '../../../support/fixture.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    sandboxUrl: string
  }
}

/** Runs in Node, beside workerd: the upstream of the worker tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const sandbox = await serveSandbox({
    organisations,
    writePerMinute: 1_000_000,
    readPerMinute: 1_000_000,
    slowMs: 150,
  })
  project.provide('sandboxUrl', sandbox.url)
  return () => sandbox.close()
}
