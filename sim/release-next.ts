/**
 * The gateway after a deployment that normalises otherwise: the same sources under a changed fingerprint version.
 * `scripts/sim.js` builds a second copy of them in place of this import.
 */
export * from './release.ts'
