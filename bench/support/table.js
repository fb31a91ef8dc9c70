// What the benches print: exactly the markdown of docs/performance.md.
import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { isPinned } from './processes.js'

export const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export const shuffled = (values) =>
  values
    .map((value) => [Math.random(), value])
    .sort(([a], [b]) => a - b)
    .map(([, value]) => value)

/** The value below which `share` (0 to 1) of the sorted `values` lie. */
export const percentile = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]

export const print = (text) => process.stdout.write(`${text}\n`)

/** Prints a table; numbers are aligned to the right. */
export function printTable(head, rows) {
  print(`| ${head.join(' | ')} |`)
  print(`|${head.map((_, column) => (column === 0 ? '---' : '--:')).join('|')}|`)
  for (const row of rows) print(`| ${row.join(' | ')} |`)
  print('')
}

/** How many characters the bar of `base` has in a plot, and the longest one. */
const BASE_BAR = 20
const LONGEST_BAR = 60

/** Prints a bar for each `[title, value]`, in proportion to `base`; bars that would be too long are cut off. */
export function printBars(rows, base) {
  const widest = Math.max(...rows.map(([title]) => title.length))
  print('```')
  for (const [title, value] of rows) {
    const length = Math.max(1, Math.round((value / base) * BASE_BAR))
    const bar = length > LONGEST_BAR ? `${'█'.repeat(LONGEST_BAR - 2)} …` : '█'.repeat(length)
    print(`${title.padEnd(widest)} ${bar} ${short(value)}`)
  }
  print('```\n')
}

export const withComma = (number) => Math.round(number).toLocaleString('en-US')

/** A number to three significant places or so, whatever its size. */
export const short = (number) => {
  if (!Number.isFinite(number)) return '–'
  if (Math.abs(number) >= 1000) return withComma(number)
  return number.toFixed(Math.abs(number) >= 100 ? 0 : Math.abs(number) >= 1 ? 1 : 2)
}

export const ratio = (value, to) =>
  value === undefined || to === undefined ? '–' : `${(value / to).toFixed(2)} ×`

/** Where and how a table was made: printed below it. */
export function printMachine(command, { pinned = isPinned } = {}) {
  const [cpu] = cpus()
  const memory = /MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]
  const facts = [
    `\`${command}\``,
    new Date().toISOString().slice(0, 10),
    `Node ${process.version.slice(1)}`,
    `${cpus().length} × ${cpu?.model ?? 'unknown CPU'}`,
    `${Math.round(Number(memory) / 2 ** 20)} GiB`,
    pinned ? 'measured process on core 0, load and upstream on core 1' : 'not pinned to cores',
    `load average at the end ${loadavg()[0].toFixed(1)}`,
  ]
  print(`${facts.join(' · ')}\n`)
}
