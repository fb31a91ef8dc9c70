/** A text is kept in a chain of these: a smaller one wastes less of its last block, a larger one is faster. */
const BLOCK_BYTES = 256
/** At the beginning of each block: the number of the next one. */
const LINK_BYTES = 4
/** At the beginning of each text: how many bytes it takes. */
const LENGTH_BYTES = 4
const ROOM_BYTES = BLOCK_BYTES - LINK_BYTES
const SEGMENT_BLOCKS = 4096
const NONE = -1

/**
 * Texts in memory of their own, outside the heap. What is kept for a day in the heap is copied by the collector
 * until it counts as old, and old objects make its longest pauses; of these it sees one buffer a mebibyte. What is
 * freed is used again, and never given back.
 */
export class TextStore {
  readonly #segments: Buffer[] = []
  #free = NONE
  #scratch = Buffer.allocUnsafeSlow(4096)

  /** Keeps `text` as UTF-8; gives the number that it is found by, and the bytes of its blocks. */
  add(text: string): { readonly id: number; readonly bytes: number } {
    const most = LENGTH_BYTES + 3 * text.length
    if (this.#scratch.length < most) this.#scratch = Buffer.allocUnsafeSlow(2 * most)
    const length = LENGTH_BYTES + this.#scratch.write(text, LENGTH_BYTES)
    this.#scratch.writeInt32LE(length, 0)

    const blocks = Math.ceil(length / ROOM_BYTES)
    // From the last block to the first, so that each knows the next one.
    let id = NONE
    for (let nth = blocks - 1; nth >= 0; nth -= 1) {
      const block = this.#takeBlock()
      const start = nth * ROOM_BYTES
      this.#link(block, id)
      this.#scratch.copy(
        this.#segmentOf(block),
        startOf(block) + LINK_BYTES,
        start,
        Math.min(length, start + ROOM_BYTES),
      )
      id = block
    }
    return { id, bytes: blocks * BLOCK_BYTES }
  }

  get(id: number): string {
    const length = this.#segmentOf(id).readInt32LE(startOf(id) + LINK_BYTES)
    let copied = 0
    for (let block = id; copied < length; block = this.#next(block)) {
      const start = startOf(block) + LINK_BYTES
      const count = Math.min(ROOM_BYTES, length - copied)
      this.#segmentOf(block).copy(this.#scratch, copied, start, start + count)
      copied += count
    }
    return this.#scratch.toString('utf8', LENGTH_BYTES, length)
  }

  /** The number may be given to another text from now on. */
  free(id: number): void {
    let last = id
    for (let next = this.#next(last); next !== NONE; next = this.#next(last)) last = next
    this.#link(last, this.#free)
    this.#free = id
  }

  #takeBlock(): number {
    if (this.#free === NONE) this.#addSegment()
    const block = this.#free
    this.#free = this.#next(block)
    return block
  }

  #addSegment(): void {
    const first = this.#segments.length * SEGMENT_BLOCKS
    this.#segments.push(Buffer.allocUnsafeSlow(SEGMENT_BLOCKS * BLOCK_BYTES))
    for (let block = first + SEGMENT_BLOCKS - 1; block >= first; block -= 1) {
      this.#link(block, this.#free)
      this.#free = block
    }
  }

  #next(block: number): number {
    return this.#segmentOf(block).readInt32LE(startOf(block))
  }

  #link(block: number, next: number): void {
    this.#segmentOf(block).writeInt32LE(next, startOf(block))
  }

  #segmentOf(block: number): Buffer {
    return this.#segments[Math.floor(block / SEGMENT_BLOCKS)] as Buffer
  }
}

/** Where a block begins in its segment. */
const startOf = (block: number): number => (block % SEGMENT_BLOCKS) * BLOCK_BYTES
