import type { Reading } from './probe.ts';

/** A transaction that has kept its snapshot for so long keeps dead rows of every view from being removed (rule 13). */
const heldMs = 5 * 60_000;
const behindBytes = 256 * 2 ** 20;
const connectionShare = 0.9;

/** When each holder was first seen. */
export type Held = Map<string, number>;

/** What a reading says of each condition; undefined: it is as it should be. */
export function judge(
	reading: Reading,
	held: Held,
	now: number
): { readonly [name in 'connections' | 'lease' | 'lag' | 'changes' | 'vacuum']: string | undefined } {
	return {
		connections: judgeConnections(reading),
		lease: reading.maintained ? undefined : 'No node maintains the views just now.',
		lag: judgeLag(reading),
		changes: judgeChanges(reading),
		vacuum: judgeHolders(reading, held, now)
	};
}

function judgeConnections({ connections, connectionLimit }: Reading): string | undefined {
	if (connections < connectionLimit * connectionShare) return undefined;
	return `${connections} of PostgreSQL's ${connectionLimit} connections are taken: raise max_connections, or end what holds them.`;
}

function judgeLag({ behind }: Reading): string | undefined {
	if (behind < behindBytes) return undefined;
	return `Views are ${megabytes(behind)} of changes behind.`;
}

function judgeChanges({ slot, retained, rebuilding }: Reading): string | undefined {
	if (slot === 'lost') return 'PostgreSQL has thrown away changes that views needed: they will be rebuilt.';
	if (rebuilding > 0) return `Changes were lost: ${count(rebuilding, 'view')} being rebuilt.`;
	if (slot !== 'unreserved') return undefined;
	return `PostgreSQL is about to throw away changes that views need (${megabytes(retained)}): raise max_slot_wal_keep_size.`;
}

function judgeHolders({ holders }: Reading, held: Held, now: number): string | undefined {
	const ids = new Set(holders.map(({ id }) => id));
	for (const id of held.keys()) if (!ids.has(id)) held.delete(id);
	for (const { id } of holders) if (!held.has(id)) held.set(id, now);
	const [oldest] = holders
		.map((holder) => ({ ...holder, ms: now - held.get(holder.id)! }))
		.sort((a, b) => b.ms - a.ms);
	if (!oldest || oldest.ms < heldMs) return undefined;
	const minutes = Math.floor(oldest.ms / 60_000);
	return `PostgreSQL can not clean up: ${oldest.who} has held an old snapshot for ${minutes} minutes. End it.`;
}

function megabytes(bytes: number): string {
	return `${Math.round(bytes / 2 ** 20)} MB`;
}

function count(n: number, noun: string): string {
	return n === 1 ? `1 ${noun} is` : `${n} ${noun}s are`;
}
