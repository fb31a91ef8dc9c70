import type { Metric, Registry } from 'prom-client'

/**
 * Counters and histograms on the way of every request. prom-client prints them but does not count: it hashes all
 * labels anew with every call. Here the label values lead to a tally of their own, and counting is adding.
 */
export interface TallyOptions {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  readonly register: Registry
}

/** Label values in the order of `labels`. */
type LabelValues = readonly (string | number)[]

/** Adds one to the count of the given label values. */
export function createCounter(options: TallyOptions): (values: LabelValues) => void {
  const tallies = createTallies(() => ({ count: 0 }))
  const shown = ([values, { count }]: readonly [LabelValues, { count: number }]) => ({
    labels: labelled(options.labels, values),
    value: count,
  })
  expose('counter', options, () => tallies.all().map(shown))
  return (values) => {
    tallies.of(values).count += 1
  }
}

/** Counts a number of seconds in the buckets of the given label values; `bounds` rise. */
export function createHistogram(
  options: TallyOptions,
  bounds: readonly number[],
): (values: LabelValues, seconds: number) => void {
  const tallies = createTallies(() => ({ counts: bounds.map(() => 0), count: 0, sum: 0 }))
  const { name } = options
  expose('histogram', options, () =>
    tallies.all().flatMap(([values, { counts, count, sum }]) => {
      const labels = labelled(options.labels, values)
      let below = 0
      const buckets = bounds.map((le, at) => {
        below += counts[at] ?? 0
        return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: below }
      })
      return [
        ...buckets,
        { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: count },
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ]
    }),
  )
  return (values, seconds) => {
    const tally = tallies.of(values)
    tally.count += 1
    tally.sum += seconds
    const at = bounds.findIndex((bound) => seconds <= bound)
    if (at >= 0) tally.counts[at] = (tally.counts[at] ?? 0) + 1
  }
}

type Values = readonly { readonly metricName?: string; readonly labels: object; readonly value: number }[]

/** Registers what prom-client needs of a metric to print it; its types know its own classes only. */
function expose(type: 'counter' | 'histogram', { name, help, register }: TallyOptions, values: () => Values) {
  const metric = { name, help, get: async () => ({ name, help, type, values: values(), aggregator: 'sum' }) }
  register.registerMetric(metric as unknown as Metric)
}

const labelled = (labels: readonly string[], values: LabelValues) =>
  Object.fromEntries(labels.map((label, at) => [label, values[at]]))

/**
 * A tree of label values, a level for each label, the last label at its root: the first ones have the most values,
 * such as tenants, and below each of these there is nothing but its tally.
 */
type Branch<Tally> = Map<string | number, Branch<Tally> | Tally>

/** Finds the tally of label values, made when they are first seen. */
function createTallies<Tally extends object>(make: () => Tally) {
  const root: Branch<Tally> = new Map()
  const all: (readonly [LabelValues, Tally])[] = []
  return {
    all: () => all,
    of(values: LabelValues): Tally {
      let branch = root
      for (let at = values.length - 1; at > 0; at -= 1) branch = below(branch, values[at] ?? '')
      const [first = ''] = values
      const known = branch.get(first) as Tally | undefined
      if (known !== undefined) return known
      const tally = make()
      branch.set(first, tally)
      all.push([values, tally])
      return tally
    },
  }
}

function below<Tally>(branch: Branch<Tally>, value: string | number): Branch<Tally> {
  const known = branch.get(value) as Branch<Tally> | undefined
  if (known !== undefined) return known
  const made: Branch<Tally> = new Map()
  branch.set(value, made)
  return made
}
