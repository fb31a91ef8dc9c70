// Preloaded into a gateway of its own process: on SIGUSR2 it collects garbage and prints what memory is left, in bytes.
import { setTimeout as sleep } from 'node:timers/promises'

let asked = 0

process.on('SIGUSR2', async () => {
  // What ends in finalizers and in the next turn of the loop is gone after a few rounds.
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc()
    await sleep(10)
  }
  asked += 1
  const { rss, heapUsed } = process.memoryUsage()
  const sockets = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length
  process.stdout.write(`probe-${asked} rss=${rss} heap=${heapUsed} sockets=${sockets};\n`)
})
