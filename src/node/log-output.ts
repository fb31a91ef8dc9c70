import { SonicBoom } from 'sonic-boom'

/** Where log lines go. `flush` writes out what is still held back. */
export interface LogOutput {
  write(line: string): unknown
  flush?(done: () => void): void
}

/** A batch goes out when it is this long (UTF-16 units), or this old. */
const BATCH_LENGTH = 16 * 1024
const BATCH_MS = 100

/**
 * Standard output, written a batch of lines at a time: a write for each line would cost more than the rest of the
 * request's telemetry. A process that is killed loses the last batch; one that drains loses none. SonicBoom could hold
 * lines back itself, but measures what it holds anew with every line.
 */
export function standardOutput(): LogOutput {
  // With a least length of 0 its `flush` would not wait.
  const destination = new SonicBoom({ fd: 1, sync: false, minLength: 1 })
  let batch = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  const writeOut = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (batch === '') return
    destination.write(batch)
    batch = ''
  }
  return {
    write(line) {
      batch += line
      if (batch.length >= BATCH_LENGTH) writeOut()
      else timer ??= setTimeout(writeOut, BATCH_MS)
    },
    flush(done) {
      writeOut()
      destination.flush(() => done())
    },
  }
}
