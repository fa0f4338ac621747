/** One figure of `npm run bench`, taken beside what it is held against in the same run. */
export interface Row {
	readonly name: string;
	/** Loam's figure. */
	readonly value: number;
	readonly unit: string;
	/** What it is held against. */
	readonly against: string;
	/** That one's figure, in the same unit. */
	readonly reference: number;
	/** As the goal reads: times the floor's latency (<=), or times the peer's speed (>=). */
	readonly ratio: number;
	readonly goal: string;
	readonly holds: boolean;
}

/** Builds a row and judges it: `goal` is `<= n` or `>= n` on the ratio, or `value <= n`. */
export function row(figures: Omit<Row, 'holds' | 'ratio'> & { readonly ratio?: number }): Row {
	const ratio = figures.ratio ?? figures.value / figures.reference;
	const [, subject, comparison, bound] = /^(value )?(<=|>=) ([\d.]+)$/.exec(figures.goal) ?? [];
	if (!comparison) throw new Error(`a goal reads "<= 2", ">= 0.5" or "value <= 1", not "${figures.goal}"`);
	const measured = subject ? figures.value : ratio;
	return {
		...figures,
		ratio,
		holds: comparison === '<=' ? measured <= Number(bound) : measured >= Number(bound)
	};
}

/** The p-th quantile (0 to 1) of the samples. */
export function quantile(samples: readonly number[], p: number): number {
	const sorted = [...samples].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN;
}
