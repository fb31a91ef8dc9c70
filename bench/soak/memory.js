// The memory of a process over time, and the line through it.
import { readFileSync } from 'node:fs'

const MIB = 2 ** 20
const SECONDS_PER_HOUR = 3600

/** Resident memory of process `pid` in bytes. */
export const residentBytes = (pid) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024

/** The JavaScript heap in use, as the gateway's own metrics have it, in bytes. */
async function heapBytes(metricsUrl) {
  const text = await (await fetch(metricsUrl)).text()
  return Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(text)?.[1])
}

/** Slope of the line of least squares through `points` of [seconds, bytes], in MiB per hour. */
export function slopeOf(points) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))]
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  const under = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  return under === 0 ? Number.NaN : ((over / under) * SECONDS_PER_HOUR) / MIB
}

/**
 * Looks at the gateway's memory every `everyMs`. `ledgerBytes`: what the driver reckons the ledger to hold by then.
 */
export function watchMemory({ pid, metricsUrl, everyMs, ledgerBytes, began }) {
  const samples = []
  const look = async () => {
    const heap = await heapBytes(metricsUrl)
    const seconds = (performance.now() - began) / 1000
    samples.push({ seconds, resident: residentBytes(pid), heap, ledger: ledgerBytes() })
  }
  const timer = setInterval(look, everyMs)
  return {
    /** The samples; the last is of now. */
    async end() {
      clearInterval(timer)
      await look()
      return samples
    },
  }
}

/** The samples after the first third, in which a process warms up. */
export const afterWarmUp = (samples) => {
  const third = (samples.at(-1)?.seconds ?? 0) / 3
  return samples.filter(({ seconds }) => seconds >= third)
}

/** The sample next to `share` (0 to 1) of the whole time. */
export const sampleAt = (samples, share) => {
  const at = (samples.at(-1)?.seconds ?? 0) * share
  return samples.reduce((best, one) =>
    Math.abs(one.seconds - at) < Math.abs(best.seconds - at) ? one : best,
  )
}
