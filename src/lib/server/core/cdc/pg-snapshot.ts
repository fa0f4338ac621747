import type { Xid } from './types.ts';

/** A `pg_snapshot`: which transactions' effects are seen. */
export interface PgSnapshot {
	/** As Postgres prints it: `xmin:xmax:xip,…` */
	readonly text: string;
	/** Every lower xid is over. */
	readonly xmin: Xid;
	/** No xid from here on is seen. */
	readonly xmax: Xid;
	/** In progress when it was taken. */
	readonly inProgress: ReadonlySet<Xid>;
}

export function parseSnapshot(text: string): PgSnapshot {
	const [xmin = '0', xmax = '0', list = ''] = text.split(':');
	const inProgress = new Set(list === '' ? [] : list.split(',').map(BigInt));
	return { text, xmin: BigInt(xmin), xmax: BigInt(xmax), inProgress };
}

/** Whether the snapshot sees what a committed transaction did; `xid` is a top-level one. */
export function sees(snapshot: PgSnapshot, xid: Xid): boolean {
	if (xid < snapshot.xmin) return true;
	return xid < snapshot.xmax && !snapshot.inProgress.has(xid);
}

/**
 * The 64-bit xid whose low half is `xid`, nearest to `reference`. Postgres keeps all live xids within
 * 2^31 of each other, so any recent xmax will do as reference. Nearest in both directions: a
 * transaction may begin and commit between a fence's snapshot and its marker, above the snapshot's
 * xmax; "the nearest at or below" would take it for one of 2^32 transactions ago, and for seen.
 */
export function widenXid(xid: number, reference: Xid): Xid {
	return reference + BigInt.asIntN(32, BigInt(xid) - reference);
}
