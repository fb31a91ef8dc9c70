// Loaded into a measured gateway by `node --import`: the first SIGUSR2 starts V8's sampling profiler, the second ends
// it and writes the profile to BENCH_REPORT. Unlike --cpu-prof it leaves out the start of the process.
import { renameSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'

/** Microseconds between samples. */
const INTERVAL_MICROS = 250

const path = process.env.BENCH_REPORT
const session = new Session()
session.connect()
let isRunning = false

process.on('SIGUSR2', async () => {
  if (isRunning) {
    const { profile } = await session.post('Profiler.stop')
    writeFileSync(`${path}.new`, JSON.stringify(profile))
    renameSync(`${path}.new`, path)
    return
  }
  isRunning = true
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROS })
  await session.post('Profiler.start')
})
