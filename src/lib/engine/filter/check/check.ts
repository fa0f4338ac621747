import { invalid } from '../errors.ts';
import { columnType, declaredType } from '../sql-type.ts';
import type { Syntax, SyntaxOf } from '../syntax/tree.ts';
import type { Expression, FilterColumn } from '../types.ts';
import { checkCall } from './check-call.ts';
import { checkCompound } from './check-compound.ts';
import { checkCondition, findColumn, type Checking } from './checking.ts';
import { numberConstant, open, typed, type Term } from './term.ts';

/** A chain of operators is as deep as it is long. */
const deepest = 250;

/** The checking of one filter over these columns. */
export function beginChecking(
	source: string,
	columns: readonly FilterColumn[],
	databaseOrder: boolean
): Checking {
	let depth = 0;
	const checking: Checking = {
		source,
		columns: new Map(columns.map((column) => [column.name, column])),
		databaseOrder,
		used: new Set(),
		usesDatabaseOrder: false,
		term(syntax) {
			if (++depth > deepest) {
				throw invalid(source, syntax, `A filter has at most ${deepest} operators in a row.`);
			}
			const term = check(checking, syntax);
			depth--;
			return term;
		}
	};
	return checking;
}

function check(checking: Checking, syntax: Syntax): Term {
	switch (syntax.kind) {
		case 'string':
		case 'null':
		case 'param':
		case 'position':
		case 'principal':
			return open(syntax);
		case 'number':
			return typed(syntax, numberConstant(syntax));
		case 'boolean':
			return typed(syntax, { op: 'literal', type: 'boolean', value: String(syntax.value) });
		case 'column':
			return typed(syntax, checkColumn(checking, syntax));
		case 'logic':
			return typed(syntax, {
				op: syntax.op,
				type: 'boolean',
				of: syntax.of.map((part) => checkCondition(checking, part))
			});
		case 'not':
			return typed(syntax, { op: 'not', type: 'boolean', of: checkCondition(checking, syntax.of) });
		case 'call':
			return checkCall(checking, syntax);
		default:
			return typed(syntax, checkCompound(checking, syntax));
	}
}

function checkColumn(checking: Checking, { name, ...place }: SyntaxOf<'column'>): Expression {
	const column = findColumn(checking, name, place);
	const type = columnType(column);
	if (type !== undefined) return { op: 'column', type, name };
	const message = `A column of type ${declaredType(column)} can only be asked IS NULL.`;
	throw invalid(checking.source, place, message);
}
