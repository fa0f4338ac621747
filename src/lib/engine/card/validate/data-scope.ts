import type { Expression } from '../language/ast.ts';
import { pathsOf } from '../language/paths.ts';

/** What a page's binding gives; without `columns` any may be read. */
export interface BindingShape {
	readonly columns?: readonly string[] | undefined;
}
export type BindingShapes = Readonly<Record<string, BindingShape>>;

/** What `$data` is at a place of the card. */
export type DataScope =
	| { readonly kind: 'root' }
	| { readonly kind: 'row'; readonly binding: string }
	| { readonly kind: 'unknown' };

/** Beside the bindings, the data's root has these. */
export const rootNames: readonly string[] = ['params', 'query', 'principal', 'now'];
const keepRows = new Set([
	'first',
	'last',
	'where',
	'sortBy',
	'sortByDescending',
	'take',
	'skip',
	'subArray',
	'reverse',
	'coalesce'
]);

/** The scope inside of `$data: expression`. */
export function scopeOf(expression: Expression, outer: DataScope, bindings: BindingShapes): DataScope {
	const source =
		expression.kind === 'call' && keepRows.has(expression.name) ? expression.args[0] : expression;
	if (source && source !== expression) return scopeOf(source, outer, bindings);
	if (expression.kind === 'element') return scopeOf(expression.object, outer, bindings);
	if (expression.kind !== 'name' && expression.kind !== 'member') return { kind: 'unknown' };
	const path = pathsOf(expression)[0] ?? [];
	if (path.length === 1 && path[0] === '$root') return { kind: 'root' };
	if (path.length === 1 && path[0] === '$data') return outer;
	const atRoot = path[0] === '$root' || (path[0] === '$data' && outer.kind === 'root');
	const name = path[1] ?? '';
	if (atRoot && path.length === 2 && Object.hasOwn(bindings, name)) return { kind: 'row', binding: name };
	return { kind: 'unknown' };
}

/** Names that don't exist, with those that do. */
export function unknownNames(
	expression: Expression,
	scope: DataScope,
	bindings: BindingShapes
): { name: string; known: readonly string[]; where: string }[] {
	return pathsOf(expression).flatMap(([root, name]) => {
		if (name === undefined) return [];
		if (root === '$root' || (root === '$data' && scope.kind === 'root')) {
			const known = [...Object.keys(bindings), ...rootNames];
			return known.includes(name) ? [] : [{ name, known, where: 'the page’s data' }];
		}
		if (root !== '$data' || scope.kind !== 'row') return [];
		const known = bindings[scope.binding]?.columns;
		return !known || known.includes(name) ? [] : [{ name, known, where: `the rows of "${scope.binding}"` }];
	});
}
