import type { A_Const, A_Expr, FuncCall, Node, TypeName } from '#engine/sql';
import {
	aggregateFunctions,
	clockFunctions,
	setFunctions,
	textFunctions,
	viewFunctions,
	viewOperators,
	volatileFunctions,
	windowFunctions
} from '#engine/sql';
import { aggregate, groupingOf } from './aggregate.ts';
import { typeText } from './cast-type.ts';
import { literal, type NullForm, type CompoundExpression, type Expression } from './expression.ts';
import { refuseClock, refuseMovingMoment, refuseTextAsMoment, stringConstant } from './moments.ts';
import { notYet, refuse } from './refusal.ts';
import { refuseNode } from './refuse-node.ts';
import { resolveColumn, type Scope } from './scope.ts';
import { subquery } from './subquery.ts';
import { isNotNull, isText } from './traits.ts';
import { windowCall } from './window-call.ts';

/**
 * Turns a parsed expression into one with every name resolved. What is not handled here by name is
 * refused, so nothing reaches the maintainer that was not thought of. Throws a Refusal.
 */
export function compile(scope: Scope, node: Node | undefined): Expression {
	if (!node) refuse(undefined, 'VIEW_NOT_YET', 'This expression cannot be read.', 'Write it in another way.');
	if ('ColumnRef' in node) {
		const { fields = [], location } = node.ColumnRef;
		return resolveColumn(scope, columnPath(fields, location), location);
	}
	if ('A_Const' in node) return constant(node.A_Const);
	if ('A_Expr' in node) return operator(scope, node.A_Expr);
	if ('BoolExpr' in node)
		return boolean(scope, node.BoolExpr.boolop, node.BoolExpr.args ?? [], node.BoolExpr.location);
	if ('NullTest' in node) {
		const isNull = node.NullTest.nulltesttype === 'IS_NULL';
		const arg = compile(scope, node.NullTest.arg);
		return compound(node.NullTest.location, ['(', arg, isNull ? ' IS NULL)' : ' IS NOT NULL)'], {
			notNull: true,
			...(isNull ? {} : { form: { kind: 'known', of: [arg] } })
		});
	}
	if ('BooleanTest' in node) {
		const test = node.BooleanTest.booltesttype!.replaceAll('_', ' ');
		return compound(node.BooleanTest.location, ['(', compile(scope, node.BooleanTest.arg), ` ${test})`], {
			notNull: true
		});
	}
	if ('FuncCall' in node) return call(scope, node.FuncCall);
	if ('GroupingFunc' in node) return groupingOf(scope, node.GroupingFunc);
	if ('TypeCast' in node) return cast(scope, node.TypeCast.arg, node.TypeCast.typeName);
	if ('CoalesceExpr' in node)
		return coalesce(scope, node.CoalesceExpr.args ?? [], node.CoalesceExpr.location);
	if ('MinMaxExpr' in node) {
		const args = alike(scope, node.MinMaxExpr.args ?? []);
		const name = node.MinMaxExpr.op === 'IS_LEAST' ? 'LEAST' : 'GREATEST';
		return compound(node.MinMaxExpr.location, [`${name}(`, ...list(args), ')'], {
			text: args.some((arg) => isText(scope, arg))
		});
	}
	if ('CaseExpr' in node) return caseOf(scope, node.CaseExpr);
	if ('A_ArrayExpr' in node) {
		const elements = alike(scope, node.A_ArrayExpr.elements ?? []);
		return compound(node.A_ArrayExpr.location, ['ARRAY[', ...list(elements), ']'], { notNull: true });
	}
	if ('SubLink' in node) return subquery(scope, node.SubLink, false);
	if ('A_Indirection' in node)
		return subscript(scope, node.A_Indirection.arg, node.A_Indirection.indirection ?? []);
	return refuseNode(node);
}

interface Traits {
	readonly text?: boolean;
	readonly notNull?: boolean;
	readonly equal?: readonly [Expression, Expression];
	readonly form?: NullForm;
}

function strict(...of: readonly Expression[]): { form: NullForm } {
	return { form: { kind: 'strict', of } };
}

function compound(
	at: number | undefined,
	parts: readonly (string | Expression)[],
	traits: Traits = {}
): CompoundExpression {
	return {
		kind: 'compound',
		parts,
		at,
		...traits,
		text: traits.text ?? false,
		notNull: traits.notNull ?? false
	};
}

function list(items: readonly Expression[]): (string | Expression)[] {
	return items.flatMap((item, index) => (index === 0 ? [item] : [', ', item]));
}

function columnPath(fields: readonly Node[], at: number | undefined): string[] {
	return fields.map((field) => {
		if ('String' in field) return field.String.sval ?? '';
		refuse(
			at,
			'VIEW_STAR',
			'"*" can only stand alone in the list of columns, or in count(*).',
			'Name the columns.'
		);
	});
}

function constant(value: A_Const): CompoundExpression {
	const { location: at } = value;
	if (value.isnull) return compound(at, ['NULL']);
	if (value.ival) return compound(at, [`(${value.ival.ival ?? 0})`], { notNull: true });
	if (value.fval) return compound(at, [`(${value.fval.fval})`], { notNull: true });
	if (value.boolval) return compound(at, [value.boolval.boolval ? 'true' : 'false'], { notNull: true });
	if (value.sval) return compound(at, [literal(value.sval.sval ?? '')], { notNull: true });
	notYet(at, 'a bit string', 'Write a number or a text.');
}

function operator(scope: Scope, node: A_Expr): Expression {
	const name =
		(node.name ?? []).map((part) => ('String' in part ? (part.String.sval ?? '') : '')).at(-1) ?? '';
	const at = node.location;
	switch (node.kind) {
		case 'AEXPR_OP':
		case 'AEXPR_LIKE':
		case 'AEXPR_ILIKE':
		case 'AEXPR_SIMILAR':
			return infix(scope, node, qualified(node, name));
		case 'AEXPR_DISTINCT':
			return infix(scope, node, 'IS DISTINCT FROM', true);
		case 'AEXPR_NOT_DISTINCT':
			return infix(scope, node, 'IS NOT DISTINCT FROM', true);
		case 'AEXPR_NULLIF': {
			const [left, right] = operands(scope, node);
			return compound(at, ['NULLIF(', left!, ', ', right, ')'], { text: isText(scope, left!) });
		}
		case 'AEXPR_IN': {
			const items = listOf(node.rexpr);
			const left = compile(scope, node.lexpr);
			if (!isText(scope, left)) items.forEach(refuseMovingMoment);
			const word = name === '<>' ? 'NOT IN' : 'IN';
			return compound(
				at,
				['(', left, ` ${word} (`, ...list(items.map((item) => compile(scope, item))), '))'],
				strict(left)
			);
		}
		case 'AEXPR_BETWEEN':
		case 'AEXPR_NOT_BETWEEN':
		case 'AEXPR_BETWEEN_SYM':
		case 'AEXPR_NOT_BETWEEN_SYM': {
			const bounds = listOf(node.rexpr);
			const left = compile(scope, node.lexpr);
			if (!isText(scope, left)) bounds.forEach(refuseMovingMoment);
			const [low, high] = bounds.map((bound) => compile(scope, bound));
			return compound(at, ['(', left, ` ${name} `, low!, ' AND ', high!, ')'], strict(left));
		}
		case 'AEXPR_OP_ANY':
		case 'AEXPR_OP_ALL': {
			const word = node.kind === 'AEXPR_OP_ANY' ? 'ANY' : 'ALL';
			const [left, right] = operands(scope, node);
			return compound(at, ['(', left!, ` ${qualified(node, name)} ${word} (`, right, '))']);
		}
		default:
			notYet(at, `this operator (${name})`, 'Write it with comparisons, AND, OR and CASE.');
	}
}

function qualified(node: A_Expr, name: string): string {
	if (!viewOperators.has(name)) {
		refuse(
			node.location,
			'VIEW_OPERATOR',
			`The operator ${name} is not among those that a view may use.`,
			`It may use: ${[...viewOperators].join(' ')}`
		);
	}
	return `OPERATOR(pg_catalog.${name === '!=' ? '<>' : name})`;
}

function operands(scope: Scope, node: A_Expr): [Expression | undefined, Expression] {
	const left = node.lexpr && compile(scope, node.lexpr);
	const right = compile(scope, node.rexpr);
	if (!isText(scope, right)) refuseMovingMoment(node.lexpr);
	if (!left || !isText(scope, left)) refuseMovingMoment(node.rexpr);
	return [left, right];
}

function infix(scope: Scope, node: A_Expr, symbol: string, notNull = false): Expression {
	const [left, right] = operands(scope, node);
	const traits: Traits = {
		text: /\|\||->>|#>>/.test(symbol),
		notNull,
		...(left && symbol === 'OPERATOR(pg_catalog.=)' ? { equal: [left, right] } : {}),
		// an array with NULL appended is not NULL
		...(notNull || symbol.includes('||') ? {} : strict(...(left ? [left] : []), right))
	};
	return compound(node.location, ['(', ...(left ? [left, ' '] : []), `${symbol} `, right, ')'], traits);
}

function listOf(node: Node | undefined): readonly Node[] {
	if (node && 'List' in node) return node.List.items ?? [];
	return refuseNode(node);
}

function boolean(
	scope: Scope,
	op: string | undefined,
	args: readonly Node[],
	at: number | undefined
): Expression {
	const terms = args.map((arg) => compile(scope, arg));
	if (op === 'NOT_EXPR') return compound(at, ['(NOT ', terms[0]!, ')'], strict(terms[0]!));
	const isAnd = op === 'AND_EXPR';
	const word = isAnd ? ' AND ' : ' OR ';
	const parts = terms.flatMap((term, index) => (index === 0 ? [term] : [word, term]));
	return compound(at, ['(', ...parts, ')'], { form: { kind: isAnd ? 'and' : 'or', of: terms } });
}

function coalesce(scope: Scope, nodes: readonly Node[], at: number | undefined): Expression {
	const args = alike(scope, nodes);
	const traits = {
		text: args.some((arg) => isText(scope, arg)),
		notNull: args.some((arg) => isNotNull(scope, arg))
	};
	return compound(at, ['COALESCE(', ...list(args), ')'], traits);
}

/** Expressions that Postgres gives one common type. */
function alike(scope: Scope, nodes: readonly Node[]): Expression[] {
	const items = nodes.map((node) => compile(scope, node));
	const others = items.filter((_, index) => stringConstant(nodes[index]) === undefined);
	if (others.some((item) => !isText(scope, item))) nodes.forEach(refuseMovingMoment);
	return items;
}

type CaseNode = Extract<Node, { CaseExpr: unknown }>['CaseExpr'];

function caseOf(scope: Scope, node: CaseNode): Expression {
	const parts: (string | Expression)[] = ['CASE'];
	const resultNodes = [
		...(node.args ?? []).map((branch) => ('CaseWhen' in branch ? branch.CaseWhen.result : undefined)),
		node.defresult
	];
	const results = alike(
		scope,
		resultNodes.filter((result) => result !== undefined)
	);
	if (node.arg) parts.push(' ', compile(scope, node.arg));
	for (const [index, branch] of (node.args ?? []).entries()) {
		if (!('CaseWhen' in branch)) return refuseNode(branch);
		if (node.arg) refuseMovingMoment(branch.CaseWhen.expr);
		parts.push(' WHEN ', compile(scope, branch.CaseWhen.expr), ' THEN ', results[index]!);
	}
	if (node.defresult) parts.push(' ELSE ', results.at(-1)!);
	parts.push(' END');
	return compound(node.location, ['(', ...parts, ')'], {
		text: results.some((result) => isText(scope, result)),
		notNull: node.defresult !== undefined && results.every((result) => isNotNull(scope, result))
	});
}

function subscript(scope: Scope, arg: Node | undefined, indirection: readonly Node[]): Expression {
	const parts: (string | Expression)[] = ['(', compile(scope, arg), ')'];
	for (const step of indirection) {
		if (!('A_Indices' in step))
			notYet(undefined, 'a field of a composite value', 'Use ->> on a jsonb column.');
		const { is_slice, lidx, uidx } = step.A_Indices;
		const lower = lidx ? [compile(scope, lidx)] : [];
		const upper = uidx ? [compile(scope, uidx)] : [];
		parts.push('[', ...lower, ...(is_slice ? [':'] : []), ...upper, ']');
	}
	return compound(undefined, ['(', ...parts, ')']);
}

function call(scope: Scope, node: FuncCall): Expression {
	const at = node.location;
	const path = (node.funcname ?? []).map((part) => ('String' in part ? (part.String.sval ?? '') : ''));
	const name = path.at(-1) ?? '';
	if (path.length > 1 && path[0] !== 'pg_catalog') {
		refuse(
			at,
			'VIEW_FUNCTION',
			`${path.join('.')} is not one of PostgreSQL's own functions.`,
			'A view calls built-in functions only; compute other things in logic/ and store the result in a column.'
		);
	}
	if (node.over) return windowCall(scope, node, name);
	if (aggregateFunctions.has(name) || windowFunctions.has(name)) return aggregate(scope, node, name);
	checkFunction(name, at);
	if (name === 'age' && (node.args ?? []).length === 1) refuseClock('age() of one moment', at);
	if (node.func_variadic) notYet(at, 'VARIADIC arguments', 'List the arguments.');
	if ((node.args ?? []).some((arg) => 'NamedArgExpr' in arg))
		notYet(at, 'named arguments', 'Give the arguments by position.');
	const args = (node.args ?? []).map((arg) => compile(scope, arg));
	const dates = /^(date|date_trunc|date_part|date_bin|extract|timezone|justify_\w+|isfinite|age)$/.test(name);
	if (dates) {
		(node.args ?? []).forEach(refuseMovingMoment);
		// Functions such as date(text) would read 'now' out of a row.
		const last = args.at(-1);
		if (name === 'date' && last && isText(scope, last)) refuseTextAsMoment(at);
	}
	return compound(at, [`pg_catalog.${functionName(name)}(`, ...list(args), ')'], {
		text: textFunctions.has(name)
	});
}

/** Names that are also grammar need quotes when called plainly. */
function functionName(name: string): string {
	return /^(position|extract|substring|overlay|trim|left|right)$/.test(name) ? `"${name}"` : name;
}

function checkFunction(name: string, at: number | undefined): void {
	if (clockFunctions.has(name)) refuseClock(`${name}()`, at);
	if (volatileFunctions.has(name)) {
		refuse(
			at,
			'VIEW_VOLATILE',
			`${name}() gives another value at each call.`,
			'A view is a function of its rows. Store the value in a column when the row is written.'
		);
	}
	if (setFunctions.has(name))
		notYet(at, `${name}(), which makes rows`, 'Keep the elements in a table of their own and join it.');
	if (!viewFunctions.has(name)) {
		refuse(
			at,
			'VIEW_FUNCTION',
			`${name}() is not among the functions that a view may call.`,
			'Compute it in logic/ and store the result in a column.'
		);
	}
}

const momentTypes = /^(date|time|timestamp|timestamptz)$/;

function cast(scope: Scope, arg: Node | undefined, type: TypeName | undefined): Expression {
	const target = typeText(type);
	const value = compile(scope, arg);
	if (momentTypes.test(target.name)) {
		refuseMovingMoment(arg);
		if (isText(scope, value)) refuseTextAsMoment(type?.location);
	}
	const text = /^(text|varchar|bpchar)$/.test(target.name);
	return compound(value.at, ['(', value, `::${target.sql})`], {
		text,
		notNull: isNotNull(scope, value),
		...strict(value)
	});
}
