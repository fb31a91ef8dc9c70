import type { ScheduleResult } from './schedule.ts'
import type { TraceLine } from './world.ts'

/** Lines about everything that are too many to be read, unless all are asked for. */
const MAX_LINES = 60

/** The seed, the broken promise and what led to it, one line a step: virtual ms, actor, what. */
export function report(
  seed: number,
  { violation, trace = [] }: ScheduleResult,
  isWhole: boolean,
  flags: string,
): string {
  const { subject } = violation ?? {}
  const isAbout = (line: TraceLine): boolean =>
    isWhole || subject === undefined || line.subject === undefined || line.subject === subject
  const lines = trace
    .filter(isAbout)
    .map(({ at, actor, what }) => `${at.toFixed(0).padStart(10)}  ${actor}: ${what}`)
  const shown = isWhole ? lines : lines.slice(-MAX_LINES)
  const broken = violation && [
    `seed ${seed} breaks: ${violation.invariant}`,
    `  ${subject === undefined ? '' : `${subject}: `}${violation.detail}`,
    `  again: npm run sim -- --seed ${seed} --runs 1${flags}`,
  ]
  const omitted = lines.length - shown.length
  return [
    ...(broken ?? [`seed ${seed} holds`]),
    ...(omitted > 0 ? [`  (${omitted} earlier lines are left out; --verbose shows all)`] : []),
    ...shown,
  ].join('\n')
}
