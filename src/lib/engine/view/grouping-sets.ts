import type { Node } from '#engine/sql';
import type { Expression } from './expression.ts';
import { notYet } from './refusal.ts';

/** Postgres takes 4,096, but every row of a change counts in each. */
const maximumSets = 64;

/**
 * GROUP BY as the list of what it groups by: one set for plain expressions; ROLLUP, CUBE and GROUPING SETS
 * multiply. `read` reads an expression of it.
 */
export function expandSets(items: readonly Node[], read: (node: Node) => Expression): Expression[][] {
	let sets: Expression[][] = [[]];
	for (const item of items) {
		const own = setsOf(item, read);
		checkCount(sets.length * own.length, item);
		sets = sets.flatMap((set) => own.map((more) => [...set, ...more]));
	}
	return sets;
}

function setsOf(item: Node, read: (node: Node) => Expression): Expression[][] {
	if (!('GroupingSet' in item)) return [elements(item).map(read)];
	const { kind, content = [] } = item.GroupingSet;
	switch (kind) {
		case 'GROUPING_SET_ROLLUP': {
			const parts = content.map((part) => elements(part).map(read));
			return Array.from({ length: parts.length + 1 }, (_, cut) => parts.slice(0, parts.length - cut).flat());
		}
		case 'GROUPING_SET_CUBE': {
			checkCount(2 ** content.length, item);
			const parts = content.map((part) => elements(part).map(read));
			return Array.from({ length: 2 ** parts.length }, (_, mask) =>
				parts.filter((_, index) => mask & (1 << index)).flat()
			);
		}
		case 'GROUPING_SET_SETS':
			return content.flatMap((part) => setsOf(part, read));
		default:
			return [[]];
	}
}

/** `(a, b)` is two expressions that stand together. */
function elements(item: Node): readonly Node[] {
	if ('RowExpr' in item && item.RowExpr.row_format === 'COERCE_IMPLICIT_CAST') return item.RowExpr.args ?? [];
	return [item];
}

function checkCount(count: number, item: Node): void {
	if (count <= maximumSets) return;
	const at = 'GroupingSet' in item ? item.GroupingSet.location : undefined;
	notYet(at, `more than ${maximumSets} grouping sets`, 'Make two views.');
}
