import fc from 'fast-check';
import { ArbitraryCase, scriptOf, type Case, type Size } from './arbitrary-view.ts';
import { ViewFailure } from './view-oracle.ts';

/** A case that failed, as small as it could be made. */
export interface Counterexample {
	readonly seed: number;
	readonly made: Case;
	readonly failure: ViewFailure;
}

const shrinkLimitMs = 90_000;

/** For the programs alone, and for the running maintainer with its three writers. */
export const engineSize: Size = { views: 5, transactions: 12 };
export const runtimeSize: Size = { views: 4, transactions: 36 };

/**
 * Makes the case of a seed and checks it. One that fails is shrunk: `recheck` is played again and again,
 * and must throw a ViewFailure for a case that shows it.
 */
export async function checkSeed(
	seed: number,
	size: Size,
	check: (made: Case) => Promise<void>,
	recheck: (made: Case) => Promise<void>
): Promise<Counterexample | undefined> {
	let last: { made: Case; failure: ViewFailure } | undefined;
	let until = 0;
	const play = async (made: Case) => {
		const isFirst = !last;
		if (!isFirst && Date.now() > until) return;
		try {
			await (isFirst ? check(made) : recheck(made));
		} catch (error) {
			if (!(error instanceof ViewFailure)) {
				if (isFirst) throw error;
				// What shrinking made is no case at all.
				return;
			}
			if (isFirst) until = Date.now() + shrinkLimitMs;
			last = { made, failure: error };
			throw error;
		}
	};
	const property = fc.asyncProperty(new ArbitraryCase(size), play);
	await fc.check(property, { seed, numRuns: 1 });
	return last && { seed, ...last };
}

/** For people: what differs, and a script that shows it in psql. */
export function describeCounterexample({ seed, made, failure }: Counterexample): string {
	const after = failure.after === undefined ? 'at its first build' : `after transaction ${failure.after + 1}`;
	return [`seed ${seed}: view ${failure.view.name}, ${after}: ${failure.message}`, '', scriptOf(made)].join(
		'\n'
	);
}
