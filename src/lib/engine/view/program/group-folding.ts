import type { AggregateExpression } from '../expression.ts';

/** How an aggregate is kept up to date. */
export type Folding =
	/** By adding and subtracting. */
	| 'exact'
	/** The same, while all values are finite; else the group is read again. */
	| 'finite'
	/** By how many rows have each of its values. */
	| 'distinct'
	/** By comparing; the group is read again where the extreme may have gone. */
	| 'extreme'
	/** The group is read again (sums of floats depend on their order). */
	| 'again';

/** Integers, and the types of their sums. */
const exactTypes: Readonly<Record<string, string>> = {
	smallint: 'bigint',
	integer: 'bigint',
	bigint: 'numeric'
};

/** `type` is that of its argument, as format_type prints it. */
export function foldingOf(
	{ name, distinct }: Pick<AggregateExpression, 'name' | 'distinct'>,
	type: string
): Folding {
	if (name === 'grouping') return 'exact';
	// of these a value that is there twice is no more than one that is there once
	if (name === 'min' || name === 'max') return 'extreme';
	if (/^(bool_and|bool_or|every)$/.test(name)) return 'exact';
	if (distinct) {
		const counts = name === 'count' && hasEquality(type);
		return counts || ((name === 'sum' || name === 'avg') && type in exactTypes) ? 'distinct' : 'again';
	}
	if (name === 'count') return 'exact';
	if (name !== 'sum' && name !== 'avg') return 'again';
	if (type in exactTypes) return 'exact';
	return type === 'numeric' || type === 'interval' ? 'finite' : 'again';
}

export function sumTypeOf(type: string): string {
	return exactTypes[type] ?? type;
}

const collecting = /^((array|string)_agg|jsonb?_(object_)?agg\w*)$/;
/** Computed in double precision whatever they are given. */
const floating = /^(corr|covar_\w+|regr_(?!count)\w+)$/;

/**
 * Whether the result depends on the order of rows. Postgres takes the order in which it happens to read
 * them; a view takes that of its rows' keys, behind what ORDER BY says.
 */
export function ordersRows(name: string, type: string | undefined): boolean {
	if (collecting.test(name) || floating.test(name)) return true;
	return /^(real|double precision)$/.test(type ?? '') && !/^(count|min|max|bit_\w+)$/.test(name);
}

/** Types without = in Postgres. */
export function hasEquality(type: string): boolean {
	return !/^(json|xml|point|polygon)(\[\])?$/.test(type);
}
