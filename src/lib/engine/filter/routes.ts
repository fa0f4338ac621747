import { resolveConstant } from './resolve-constant.ts';
import { routeKey } from './route-key.ts';
import { elementOf, isArray, isInteger } from './sql-type.ts';
import type { Constant, Expression, Filter, FilterEnv, SqlType } from './types.ts';
import { parseArrayText } from './value/array.ts';
import { isConstant, mayFail } from './walk.ts';

/** Values that these columns have in a row, each as its `routeKey`. */
export type Route = ReadonlyMap<string, string>;

/** More routes than these would cost an index more than looking at the rows. */
const most = 64;

/**
 * Every row that passes has the values of at least one route: what an index of filters is keyed by. None
 * where nothing passes; undefined where there is no such bound.
 */
export function routes(filter: Filter, env: FilterEnv): readonly Route[] | undefined {
	const found = routesOf(filter.expression, env);
	return found?.some((route) => route.size === 0) ? undefined : found;
}

function routesOf(expression: Expression, env: FilterEnv): readonly Route[] | undefined {
	switch (expression.op) {
		case 'and':
			return ofAll(expression.of, env);
		case 'or':
			return ofAny(expression.of, env);
		case 'in':
			return expression.negated ? undefined : ofList(expression.value, expression.list, env);
		case 'call':
			return expression.name === '=' ? ofEquality(expression.of, env) : undefined;
		case 'quantified': {
			const { operator, all, left, array } = expression;
			return operator === '=' && !all ? ofArray(left, array, env) : undefined;
		}
		case 'literal':
			return expression.value === 'true' ? undefined : [];
		default:
			return undefined;
	}
}

/** The routes of one part, each narrowed by those of the next, as long as they stay few. */
function ofAll(parts: readonly Expression[], env: FilterEnv): readonly Route[] | undefined {
	const bounds: (readonly Route[])[] = [];
	for (const part of parts) {
		// What comes after a part that fails for some rows is not asked of those.
		if (mayFail(part)) break;
		const found = routesOf(part, env);
		if (found) bounds.push(found);
	}
	if (bounds.length === 0) return undefined;
	let all: readonly Route[] = [new Map()];
	for (const bound of [...bounds].sort((a, b) => a.length - b.length)) {
		if (all.length * bound.length > most) break;
		all = all.flatMap((route) => bound.flatMap((other) => joined(route, other) ?? []));
	}
	return all;
}

/** Both at once; undefined where they contradict each other. */
function joined(a: Route, b: Route): Route | undefined {
	const both = new Map(a);
	for (const [name, value] of b) {
		if ((both.get(name) ?? value) !== value) return undefined;
		both.set(name, value);
	}
	return both;
}

function ofAny(parts: readonly Expression[], env: FilterEnv): readonly Route[] | undefined {
	const all: Route[] = [];
	for (const part of parts) {
		const found = routesOf(part, env);
		if (!found || all.length + found.length > most) return undefined;
		all.push(...found);
	}
	return all;
}

function ofEquality(of: readonly Expression[], env: FilterEnv): readonly Route[] | undefined {
	const [a, b] = of as [Expression, Expression];
	if (a.op === 'column' && isConstant(b)) return ofList(a, [b], env);
	return b.op === 'column' && isConstant(a) ? ofList(b, [a], env) : undefined;
}

function ofList(
	value: Expression,
	list: readonly Expression[],
	env: FilterEnv
): readonly Route[] | undefined {
	if (value.op !== 'column' || list.length > most) return undefined;
	if (!list.every((item) => isConstant(item) && haveKeys(value.type, item.type))) return undefined;
	const texts = list.map((item) => resolveConstant(item as Constant, env));
	return routesTo(value, texts);
}

function ofArray(left: Expression, array: Expression, env: FilterEnv): readonly Route[] | undefined {
	if (left.op !== 'column' || !isConstant(array) || !isArray(array.type)) return undefined;
	if (!haveKeys(left.type, elementOf(array.type))) return undefined;
	const text = resolveConstant(array, env);
	if (text === null) return [];
	const items = parseArrayText(text, (item) => item)!.items;
	if (items.length > most) return undefined;
	return routesTo(left, items);
}

/** Whether equal values of a column and a constant have the same key. */
function haveKeys(column: SqlType, constant: SqlType): boolean {
	if (!routeKey(column)) return false;
	return column === constant || (isInteger(constant) && (isInteger(column) || column === 'numeric'));
}

/** One route for each value; NULL equals nothing. */
function routesTo(
	{ name, type }: { readonly name: string; readonly type: SqlType },
	values: readonly (string | null)[]
): Route[] {
	const key = routeKey(type)!;
	const keys = new Set(values.filter((value) => value !== null).map(key));
	return [...keys].flatMap((one) => (one === undefined ? [] : [new Map([[name, one]])]));
}
