/** Something that happens at a moment of virtual time. */
export interface Scheduled {
  readonly at: number
  /** Breaks ties: what was scheduled first happens first. */
  readonly order: number
  readonly isQuiet: boolean
  /** Undefined: cancelled. */
  run: (() => void) | undefined
}

export interface EventQueue {
  add(at: number, run: () => void, isQuiet: boolean): Scheduled
  /** The earliest; undefined when there is none. */
  next(): Scheduled | undefined
}

const isBefore = (a: Scheduled, b: Scheduled): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** A binary heap. */
export function createEventQueue(): EventQueue {
  const heap: Scheduled[] = []
  let orders = 0

  return {
    add(at, run, isQuiet) {
      const event: Scheduled = { at, order: orders++, isQuiet, run }
      let place = heap.length
      heap.push(event)
      while (place > 0) {
        const above = (place - 1) >> 1
        const parent = heap[above] as Scheduled
        if (isBefore(parent, event)) break
        heap[place] = parent
        place = above
      }
      heap[place] = event
      return event
    },

    next() {
      const first = heap[0]
      const last = heap.pop()
      if (first === undefined || last === undefined || heap.length === 0) return first
      let place = 0
      for (;;) {
        let child = 2 * place + 1
        if (child >= heap.length) break
        if (child + 1 < heap.length && isBefore(heap[child + 1] as Scheduled, heap[child] as Scheduled))
          child += 1
        if (isBefore(last, heap[child] as Scheduled)) break
        heap[place] = heap[child] as Scheduled
        place = child
      }
      heap[place] = last
      return first
    },
  }
}
