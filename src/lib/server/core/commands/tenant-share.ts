import { errors } from './errors.ts';

/**
 * Lets at most `limit` holders of one tenant in at a time; the others wait in order, `waitMs` at most. Resolves with
 * what gives the place back. Rejects with COMMAND_BUSY.
 */
export function tenantShares(limit: number, waitMs: number): (tenant: string) => Promise<() => void> {
	const shares = new Map<string, { held: number; waiting: (() => void)[] }>();

	return async (tenant) => {
		const share = shares.get(tenant) ?? { held: 0, waiting: [] };
		shares.set(tenant, share);
		if (share.held < limit) share.held++;
		else await turn(share.waiting);
		let given = false;
		return () => {
			if (given) return;
			given = true;
			const next = share.waiting.shift();
			// The place passes on without being free in between.
			if (next) next();
			else if (--share.held === 0) shares.delete(tenant);
		};
	};

	function turn(waiting: (() => void)[]): Promise<void> {
		return new Promise((resolve, reject) => {
			const take = () => {
				clearTimeout(timer);
				resolve();
			};
			const timer = setTimeout(() => {
				waiting.splice(waiting.indexOf(take), 1);
				reject(
					errors.COMMAND_BUSY(
						'Too much is going on here right now. Nothing was changed; please try again in a moment.'
					)
				);
			}, waitMs);
			waiting.push(take);
		});
	}
}
