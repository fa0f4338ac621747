import { resolve } from './resolve.ts';
import type { Expression, Filter, FilterEnv, Operand, ValueType } from './types.ts';
import { isInteger } from './value-type.ts';

/**
 * Columns that a row must have at one value to pass: what an index of filters is keyed by. Values are
 * equal to the row's own text, so only columns of types that have one text a value are found.
 */
export function equalities(filter: Filter, env: FilterEnv): Map<string, string> {
	const found = new Map<string, string>();
	for (const part of conjuncts(filter.expression)) {
		if (part.op === 'in' && !part.negated && part.list.length === 1) add(part.value, part.list[0]!);
		if (part.op === 'compare' && part.operator === '=') {
			add(part.left, part.right);
			add(part.right, part.left);
		}
	}
	return found;

	function add(column: Operand, constant: Operand): void {
		if (column.kind !== 'column' || constant.kind === 'column' || !oneText(column.type)) return;
		const value = resolve(constant, env);
		if (value !== null) found.set(column.name, value);
	}
}

function conjuncts(expression: Expression): readonly Expression[] {
	return expression.op === 'and' ? expression.of.flatMap(conjuncts) : [expression];
}

function oneText(type: ValueType | undefined): boolean {
	return type !== undefined && (type === 'text' || type === 'uuid' || isInteger(type));
}
