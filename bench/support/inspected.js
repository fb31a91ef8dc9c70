// Loaded into a measured gateway by `node --import`: on SIGUSR2 it tells what the garbage collector and the event loop
// did since the last time, collects, and tells what memory is left. Needs --expose-gc; BENCH_REPORT names the file.
import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'

const path = process.env.BENCH_REPORT
const loop = monitorEventLoopDelay({ resolution: 10 })
loop.enable()
let pauses = []
let since = performance.now()
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) pauses.push(duration)
}).observe({ entryTypes: ['gc'] })

process.on('SIGUSR2', () => {
  const seconds = (performance.now() - since) / 1000
  const stallMs = loop.max / 1e6
  const told = pauses
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  writeFileSync(`${path}.new`, JSON.stringify({ seconds, pauses: told, stallMs, bytes: heapUsed + external }))
  renameSync(`${path}.new`, path)
  // What was forced just now is told a moment later.
  setTimeout(() => {
    pauses = []
    loop.reset()
    since = performance.now()
  }, 50)
})
