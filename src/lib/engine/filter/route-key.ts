import type { SqlType } from './types.ts';
import { normalise } from './value/normalise.ts';

/** What equal values of a type have in common, whether they stand in a row or in a filter. */
type RouteKey = (text: string) => string | undefined;

const asItIs: RouteKey = (text) => text;
const normalised =
	(type: SqlType): RouteKey =>
	(text) =>
		normalise(type, text);

const keys: Readonly<Partial<Record<SqlType, RouteKey>>> = {
	smallint: asItIs,
	integer: asItIs,
	bigint: asItIs,
	text: asItIs,
	uuid: asItIs,
	boolean: normalised('boolean'),
	character: normalised('character'),
	date: normalised('date'),
	time: normalised('time'),
	timestamp: normalised('timestamp'),
	timestamptz: normalised('timestamptz'),
	// 1.5 and 1.50 are equal.
	numeric: (text) => normalise('numeric', text)?.replace(/\.0*$|(\.\d*?)0+$/, '$1')
};

/**
 * By this text an index finds the filters that want a row's value; a value that has none (a year before
 * Christ) is equal to no constant of a filter. Undefined for types that are not indexed.
 */
export function routeKey(type: SqlType): RouteKey | undefined {
	return keys[type];
}
