import { isServed, type TableIndexes } from './estimate.ts';
import { isExpression } from './expression-index.ts';
import type { ViewCost } from './types.ts';

/** Columns of a table by which a view finds rows, and that no index of it begins with. */
export interface MissingIndex {
	readonly table: string;
	/** Those that one index should have; each by itself would do, too. */
	readonly columns: readonly string[];
}

/** The indexes that a module's tables lack for a view, each once. */
export function missingIndexes({ changes }: ViewCost, indexes: TableIndexes): MissingIndex[] {
	const hops = changes.flatMap(({ steps }) => steps.flatMap((step) => step.hops));
	const missing = hops.flatMap((hop): MissingIndex[] =>
		hop.index === 'table' &&
		hop.relation.kind === 'table' &&
		!hop.columns.some(isExpression) &&
		!isServed(hop, indexes)
			? [{ table: hop.relation.name, columns: hop.columns }]
			: []
	);
	return [...new Map(missing.map((one) => [`${one.table} ${[...one.columns].sort().join()}`, one])).values()];
}

/** The same without what the views lack that it reads, which is told of those. */
export function ownMissingIndexes(cost: ViewCost, indexes: TableIndexes): MissingIndex[] {
	const others = new Set(cost.stages.slice(0, -1).flatMap(({ isView, hash }) => (isView ? [hash] : [])));
	const changes = cost.changes.map((change) => ({
		...change,
		steps: change.steps.filter(({ stage }) => !others.has(stage))
	}));
	return missingIndexes({ ...cost, changes }, indexes);
}
