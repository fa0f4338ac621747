import type { Json } from '#kernel';
import { ItemScope, rootScope, type Scope } from '../language/scope.ts';
import { constant, readCondition, readText, type Read } from './read.ts';

/** Part of a template: undefined where `$when` drops it, several where `$data` repeats it. */
type Part = Read<Json | undefined>;
class Expanded {
	readonly list: readonly Json[];
	constructor(list: readonly Json[]) {
		this.list = list;
	}
}
type Node = (scope: Scope) => Json | undefined | Expanded;

const reserved = new Set(['$data', '$when', '$root', '$index']);

/**
 * Compiles a whole card template into a function that fills it with data: the plain card that any
 * other host can show. What is undefined is left out of an object.
 */
export function compileTemplate(template: Json): (root: unknown, host?: unknown) => Json {
	const node = compileNode(template);
	return (root, host) => {
		const value = unwrap(node(rootScope(root, host)));
		return value === undefined ? null : value;
	};
}

/** A value of a card (the `data` of an action) read in a scope, `${…}` filled in at every depth. */
export function readJson(template: Json): Part {
	if (isConstant(template)) return constant(template);
	const node = compileNode(template);
	return (scope) => unwrap(node(scope));
}

function isConstant(json: Json): boolean {
	return !JSON.stringify(json).includes('${') && !JSON.stringify(json).includes('"$');
}

function compileNode(json: Json): Node {
	if (typeof json === 'string') return readText(json) as Read<Json | undefined>;
	if (json === null || typeof json !== 'object') return () => json;
	if (Array.isArray(json)) return compileArray(json as readonly Json[]);
	return compileObject(json as Readonly<Record<string, Json>>);
}

function compileArray(items: readonly Json[]): Node {
	const nodes = items.map(compileNode);
	return (scope) => {
		const result: Json[] = [];
		for (const node of nodes) append(result, node(scope));
		return result;
	};
}

function append(to: Json[], value: Json | undefined | Expanded): void {
	if (value instanceof Expanded) to.push(...value.list);
	else if (value !== undefined) to.push(value);
}

function compileObject(json: Readonly<Record<string, Json>>): Node {
	const entries = Object.entries(json)
		.filter(([key]) => !reserved.has(key))
		.map(([key, value]) => [key, compileNode(value)] as const);
	const when = '$when' in json ? readCondition(json['$when']) : undefined;
	const data = '$data' in json ? compileNode(json['$data']!) : undefined;
	const single = (scope: Scope) => (!when || when(scope) ? fill(entries, scope) : undefined);
	return data ? repeated(data, single) : single;
}

function fill(entries: readonly (readonly [string, Node])[], scope: Scope): Json {
	const object: Record<string, Json> = {};
	for (const [key, node] of entries) {
		const value = unwrap(node(scope));
		if (value !== undefined) object[key] = value;
	}
	return object;
}

function repeated(data: Node, single: (scope: Scope) => Json | undefined): Node {
	return (scope) => {
		const items = unwrap(data(scope));
		if (items === undefined || items === null) return single(scope);
		if (!Array.isArray(items))
			return single(
				new ItemScope(
					scope,
					() => items,
					() => scope.index
				)
			);
		const list = (items as readonly Json[]).map((item, index) =>
			single(
				new ItemScope(
					scope,
					() => item,
					() => index
				)
			)
		);
		return new Expanded(list.filter((item) => item !== undefined));
	};
}

/** Outside of an array: one repeated item stands alone, several are a list, none is left out. */
function unwrap(value: Json | undefined | Expanded): Json | undefined {
	if (!(value instanceof Expanded)) return value;
	return value.list.length > 1 ? value.list : value.list[0];
}
