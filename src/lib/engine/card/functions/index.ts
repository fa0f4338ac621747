import { collectionFunctions } from './collection.ts';
import { convertFunctions } from './convert.ts';
import { dateFunctions } from './date.ts';
import { numberFunctions } from './number.ts';
import { textFunctions } from './text.ts';
import type { PlainFunction } from './types.ts';

/** Every function whose arguments are evaluated first, by name. */
export const plainFunctions: ReadonlyMap<string, PlainFunction> = new Map(
	Object.entries({
		...textFunctions,
		...numberFunctions,
		...collectionFunctions,
		...convertFunctions,
		...dateFunctions
	})
);

/** Those that never fail: what can't be compared or tested is false. */
export const tests: ReadonlySet<string> = new Set([
	'equals',
	'notEquals',
	'less',
	'lessOrEquals',
	'greater',
	'greaterOrEquals',
	'exists',
	'empty',
	'contains',
	'bool',
	'startsWith',
	'endsWith',
	'isString',
	'isBoolean',
	'isInteger',
	'isFloat',
	'isArray',
	'isObject'
]);
