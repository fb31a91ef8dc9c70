// CPU time of a process and all below it, from /proc.
import { readdirSync, readFileSync } from 'node:fs'

/** The kernel counts in ticks (USER_HZ) of 10 ms. */
const TICK_MICROS = 10_000

/** Parent and CPU ticks of every process; those of ended children that were waited for are in their parent's. */
function processTable() {
  const table = new Map()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const text = readFileSync(`/proc/${entry}/stat`, 'utf8')
      // The name, in brackets, may hold anything.
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
      table.set(Number(entry), { parent: Number(fields[1]), ticks })
    } catch {
      // It has ended meanwhile.
    }
  }
  return table
}

/** The process `pid` and all below it. */
function treeOf(table, pid) {
  const isBelow = (id) => {
    for (let at = id; at !== undefined && at > 1; at = table.get(at)?.parent) if (at === pid) return true
    return false
  }
  return [...table.keys()].filter(isBelow)
}

/** Ids of the process `pid` and all below it; none when it has ended. */
export const treePids = (pid) => treeOf(processTable(), pid)

/** CPU microseconds, user and system, that the process tree under `pid` has used so far. */
export function treeMicros(pid) {
  const table = processTable()
  if (!table.has(pid)) throw new Error(`process ${pid} has ended`)
  return treeOf(table, pid).reduce((sum, id) => sum + table.get(id).ticks, 0) * TICK_MICROS
}
