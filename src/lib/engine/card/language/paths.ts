import type { Expression } from './ast.ts';

/** A place that an expression reads, from `$data`, `$root`, `$index` or `$host` down to a list's elements. */
export type Path = readonly string[];

/** Every path that the expression can read; a computed index ends a path. */
export function pathsOf(expression: Expression): Path[] {
	const found: Path[] = [];
	collect(expression, new Set(), found);
	return found;
}

function collect(expression: Expression, locals: ReadonlySet<string>, found: Path[]): void {
	const path = pathOf(expression, locals);
	if (path) {
		found.push(path);
		return;
	}
	for (const [child, names] of children(expression, locals)) collect(child, names, found);
}

function pathOf(expression: Expression, locals: ReadonlySet<string>): Path | undefined {
	if (expression.kind === 'name') {
		if (locals.has(expression.name)) return undefined;
		return expression.name.startsWith('$') ? [expression.name] : ['$data', expression.name];
	}
	if (expression.kind === 'member') {
		const object = pathOf(expression.object, locals);
		return object && [...object, expression.property];
	}
	return undefined;
}

type Child = readonly [Expression, ReadonlySet<string>];

function children(expression: Expression, locals: ReadonlySet<string>): Child[] {
	const plain = (list: readonly Expression[]): Child[] => list.map((child) => [child, locals]);
	switch (expression.kind) {
		case 'constant':
		case 'name':
			return [];
		case 'member':
			return plain([expression.object]);
		case 'element':
			return plain([expression.object, expression.index]);
		case 'text':
			return plain(expression.parts);
		case 'array':
			return plain(expression.items);
		case 'object':
			return plain(expression.entries.map(([, value]) => value));
		case 'lambda':
			return [[expression.body, new Set([...locals, expression.parameter])]];
		case 'call':
			return callChildren(expression.name, expression.args, locals);
	}
}

/** The old way of writing a lambda: `where(list, item, test)`. */
function callChildren(name: string, args: readonly Expression[], locals: ReadonlySet<string>): Child[] {
	const [values, parameter, body] = args;
	const old = ['where', 'select', 'foreach', 'any', 'all'].includes(name) && args.length === 3;
	if (!old || parameter?.kind !== 'name') return args.map((arg) => [arg, locals]);
	return [
		[values!, locals],
		[body!, new Set([...locals, parameter.name])]
	];
}
