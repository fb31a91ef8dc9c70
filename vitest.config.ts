import { cloudflareTest } from '@cloudflare/vitest-pool-workers'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/runtime/worker/**', '**/node_modules/**'],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        plugins: [
          cloudflareTest({
            main: './test/runtime/worker/support/test-worker.ts',
            miniflare: {
              compatibilityDate: '2026-04-26',
              durableObjects: { LEDGER: { className: 'TestLedger', useSQLite: true } },
            },
          }),
        ],
        test: {
          name: 'worker',
          // The micro-benches are for Node.
          benchmark: { include: [] },
          include: ['test/runtime/worker/**/*.test.ts'],
          globalSetup: ['test/runtime/worker/support/sandbox.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
})
