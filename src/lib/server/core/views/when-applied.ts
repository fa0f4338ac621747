import { sees, type Xid } from '#core/cdc';
import type { Asking } from './asking.ts';
import { errors } from './errors.ts';
import type { KnownProgress } from './known-progress.ts';
import type { Maintainer } from './maintainer.ts';
import { isTurnOver } from './pg-errors.ts';
import type { Turns } from './turns.ts';
import type { Position } from './types.ts';

export interface Appliers {
	readonly turns: Pick<Turns, 'maintainer' | 'change'>;
	readonly asking: Pick<Asking, 'applied'>;
	readonly known: KnownProgress;
	/** Aborted when views are stopped. */
	readonly stopped: AbortSignal;
}

/** A transaction that changes views is known by their position; of others one has to ask. */
const askAfterMs = 100;

/**
 * Resolves once all views hold what the transaction did, as far as this node can read. Throws
 * NOT_APPLIED_YET after the time, and VIEWS_STOPPED.
 */
export async function whenApplied(parts: Appliers, xid: Xid, timeoutMs: number): Promise<Position> {
	for (const deadline = Date.now() + timeoutMs; ;) {
		const { maintainer } = parts.turns;
		const left = Math.max(deadline - Date.now(), 1);
		try {
			return {
				seq: maintainer ? await ownApplied(maintainer, xid, left) : await othersApplied(parts, xid, left)
			};
		} catch (error) {
			if (parts.stopped.aborted) throw errors.VIEWS_STOPPED('Views are being stopped.');
			if (!isTurnOver(error)) throw error;
		}
	}
}

async function ownApplied(maintainer: Maintainer, xid: Xid, timeoutMs: number): Promise<bigint> {
	const waiting = maintainer.whenApplied(xid);
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(notYet()), timeoutMs)));
	try {
		return (await Promise.race([waiting.promise, late])).seq;
	} finally {
		clearTimeout(timer);
		waiting.forget();
	}
}

/** Another node maintains, or none does just now. */
async function othersApplied(parts: Appliers, xid: Xid, timeoutMs: number): Promise<bigint> {
	const { known, turns, stopped, asking } = parts;
	const timeout = AbortSignal.timeout(timeoutMs);
	const ends = AbortSignal.any([timeout, turns.change, stopped]);
	try {
		const soon = AbortSignal.any([ends, AbortSignal.timeout(askAfterMs)]);
		const shown = await known.until(({ snapshot }) => sees(snapshot, xid), soon).catch(() => undefined);
		if (shown) return shown.seq;
		ends.throwIfAborted();
		const seq = await asking.applied(xid, ends);
		await known.until((progress) => progress.seq >= seq, ends);
		return seq;
	} catch (error) {
		if (timeout.aborted) throw notYet();
		if (ends.aborted) throw errors.TURN_ENDED('Another node maintains the views now.');
		throw error;
	}
}

function notYet() {
	return errors.NOT_APPLIED_YET('The change is saved, but is not in all views yet. They will show it soon.');
}
