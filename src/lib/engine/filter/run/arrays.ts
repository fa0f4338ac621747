import { fails } from '../errors.ts';
import { elementOf, isArray } from '../sql-type.ts';
import { listOf, type ArrayValue } from '../value/array.ts';
import type { Present } from '../value/value.ts';
import { comparer } from './comparison.ts';
import { openOverload, overload, type OperandTypes, type Overload } from './overload.ts';

type Items = ArrayValue<Present>;

/** `@>`, `<@` and `&&` of arrays of one type: what both hold, whatever the dimensions; NULL equals nothing. */
export function arrayOperator(name: string, [a, b]: OperandTypes): Overload | undefined {
	const [left, right] = [a ?? b, b ?? a];
	if (left === undefined || left !== right || !isArray(left)) return undefined;
	const compare = comparer(elementOf(left));
	const has = (array: Items, item: Present | null) =>
		item !== null && array.items.some((other) => other !== null && compare(other, item) === 0);
	const holds = (whole: Items, part: Items) => part.items.every((item) => has(whole, item));
	const takes = [left, left];
	switch (name) {
		case '@>':
			return overload(takes, 'boolean', (x: Items, y: Items) => holds(x, y));
		case '<@':
			return overload(takes, 'boolean', (x: Items, y: Items) => holds(y, x));
		case '&&':
			return overload(takes, 'boolean', (x: Items, y: Items) => y.items.some((item) => has(x, item)));
		default:
			return undefined;
	}
}

/** Functions whose operands are arrays of any type. */
export function arrayFunction(name: string, types: OperandTypes): Overload | undefined {
	const [array] = types;
	if (array === undefined || !isArray(array)) return undefined;
	switch (name) {
		case 'cardinality':
			return types.length === 1
				? overload([array], 'integer', ({ items }: Items) => items.length)
				: undefined;
		case 'array_ndims':
			return types.length === 1
				? overload([array], 'integer', ({ lengths }: Items) => lengths.length || null)
				: undefined;
		case 'array_length':
			return types.length === 2
				? overload<never>([array, 'integer'], 'integer', lengthOf as never)
				: undefined;
		default:
			return undefined;
	}
}

function lengthOf({ lengths }: Items, dimension: number): number | null {
	return lengths[dimension - 1] ?? null;
}

/** `a || b` of two arrays, or of an array and an item. */
export function joinArrays([a, b]: OperandTypes): Overload | undefined {
	const array = a !== undefined && isArray(a) ? a : b !== undefined && isArray(b) ? b : undefined;
	if (array === undefined) return undefined;
	const [left, right] = [a ?? array, b ?? array];
	if (left === array && right === array) return openOverload([array, array], array, concatenate, true);
	const item = elementOf(array);
	if (left === array) return openOverload<never>([array, item], array, append as never, true);
	return openOverload<never>([item, array], array, prepend as never, true);
}

function append(array: Items | null, item: Present | null): Items {
	return concatenate(flat(array ?? listOf([])), listOf([item]))!;
}

function prepend(item: Present | null, array: Items | null): Items {
	const { items, firsts } = flat(array ?? listOf<Present>([]));
	return { items: [item, ...items], lengths: [items.length + 1], firsts: [firsts[0] ?? 1] };
}

/** An item can be added to a list, not to a table of them. */
function flat(array: Items): Items {
	if (array.lengths.length > 1) throw fails('argument must be empty or one-dimensional array');
	return array;
}

/** One after the other along the first dimension; one may be an item of the other. */
function concatenate(a: Items | null, b: Items | null): Items | null {
	if (a === null || b === null) return a ?? b;
	if (b.lengths.length === 0) return a;
	if (a.lengths.length === 0) return b;
	const items = [...a.items, ...b.items];
	const difference = a.lengths.length - b.lengths.length;
	const [outer, inner] = difference >= 0 ? [a, b] : [b, a];
	const shape = difference === 0 ? inner.lengths.slice(1) : inner.lengths;
	if (Math.abs(difference) > 1 || String(outer.lengths.slice(1)) !== String(shape)) {
		throw fails('cannot concatenate incompatible arrays');
	}
	const added = difference === 0 ? inner.lengths[0]! : 1;
	return { items, lengths: [outer.lengths[0]! + added, ...outer.lengths.slice(1)], firsts: outer.firsts };
}
