/** Runs schedules from a seed on until one breaks a promise. `scripts/sim.js` builds and starts it. */

import { parseArgs } from 'node:util'
import { report } from './report.ts'
import { runSchedule } from './schedule.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '1000' },
    break: { type: 'string' },
    'number-first': { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed)
const runs = Number(values.runs)
const numberFirst = values['number-first']
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(runs) || runs < 1) {
  process.stderr.write('--seed and --runs are whole numbers, and runs is 1 or more\n')
  process.exit(2)
}

// Every lost call is an error; nobody reads where it was made.
Error.stackTraceLimit = 0
const realNow = Date.now
const began = realNow()
/** No schedule may depend on the real time or on real chance. */
const forbid = (what: string) => (): never => {
  throw new Error(`${what} inside a schedule`)
}
Date.now = forbid('Date.now')
Math.random = forbid('Math.random')

/** What must be said again to see the same. */
const flags = [
  values.break === undefined ? '' : ` --break ${values.break}`,
  numberFirst ? ' --number-first' : '',
].join('')
const tallies = new Map<string, number>()
const line = (text: string): void => void process.stdout.write(`${text}\n`)
let steps = 0
let messages = 0
let failed = false
for (let seed = first; seed < first + runs && !failed; seed += 1) {
  const result = await runSchedule(seed, { isTraced: values.verbose && runs === 1, numberFirst }, tallies)
  steps += result.steps
  messages += result.messages
  failed = result.violation !== undefined
  if (failed) {
    // Once more, now with its trace: the same seed is the same schedule.
    line(
      report(
        seed,
        await runSchedule(seed, { isTraced: true, numberFirst }, new Map()),
        values.verbose,
        flags,
      ),
    )
  } else if (result.trace) line(report(seed, result, true, flags))
}

if (failed) process.exitCode = 1
else {
  if (values.verbose)
    for (const [what, times] of [...tallies].sort()) line(`${String(times).padStart(10)}  ${what}`)
  const seconds = ((realNow() - began) / 1000).toFixed(1)
  line(`${runs} schedules held: ${steps} steps, ${messages} messages, ${seconds} s`)
}
