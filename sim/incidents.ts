import type { Cluster } from './cluster.ts'
import { ACCOUNT, oldToken } from './config.ts'
import type { Incident } from './plan.ts'
import type { Upstream } from './upstream.ts'
import type { World } from './world.ts'

/** Lets the incidents of a plan happen, each at its moment. */
export function scheduleIncidents(
  world: World,
  incidents: readonly Incident[],
  cluster: Cluster,
  upstream: Upstream,
): void {
  for (const incident of incidents) {
    world.after(incident.at, () => {
      world.tally(`incident: ${incident.kind}`)
      happen(world, incident, cluster, upstream)
    })
  }
}

function happen(world: World, incident: Incident, cluster: Cluster, upstream: Upstream): void {
  const tell = (what: string): void => world.note('upstream', undefined, () => what)
  switch (incident.kind) {
    case 'crash':
      cluster.crash(incident.replica)
      break
    case 'pause':
      cluster.pause(incident.replica, incident.forMs)
      break
    case 'reload':
      cluster.reload(incident.replica, incident.version)
      break
    case 'deploy':
      cluster.deploy(incident.replica)
      break
    case 'ledger_outage':
      cluster.network.goDown(incident.forMs)
      break
    case 'upstream_outage':
      tell(`answers 503 for ${incident.forMs} ms`)
      upstream.breakDown(incident.forMs)
      break
    case 'number_gone':
      tell(`knows no number for ${incident.forMs} ms`)
      upstream.loseNumber(incident.forMs)
      break
    case 'token_revoked':
      tell('revokes the old token')
      upstream.revokeToken(ACCOUNT, oldToken)
      break
  }
}
