import { viewOperators, type Node } from '#engine/sql';
import { sortTerms } from './aggregate.ts';
import { compile } from './compile.ts';
import { type CompoundExpression, type Dependence, type Expression } from './expression.ts';
import { selectInPlace, type InPlace } from './in-place.ts';
import { namesAround } from './inner-clauses.ts';
import { alone, aloneOf, around, equalityOf, inPlaceOf, type InnerRows } from './inner-rows.ts';
import { refuseMovingMoment } from './moments.ts';
import { readClauses, readSelect, selectOf, type Clauses, type Query } from './query.ts';
import { standingAlone, type Place, type Reading } from './reading.ts';
import { notYet, refuse, unlessUnknown } from './refusal.ts';
import type { Scope } from './scope.ts';
import { operationOf } from './set-operation.ts';
import { expressionOf, joined, sql, whereOf, type SqlParts } from './sql-parts.ts';
import { addStage, stageSource } from './stage-source.ts';
import { isNotNull, isText } from './traits.ts';

type SubLink = Extract<Node, { SubLink: unknown }>['SubLink'];

/** A subquery with what is known of it and where it stands. */
interface Subquery {
	readonly reading: Reading;
	readonly shape: Pick<Clauses, 'scope' | 'outputs'>;
	readonly rows: InnerRows;
	/** It names nothing of the SELECT around. */
	readonly isAlone: boolean;
	readonly at: number | undefined;
}

/**
 * A subquery in an expression. What it reads becomes a stage; the expression looks that up, and says of which
 * rows it may have another value when the stage changes. `filters`: it is a condition of its own, of which
 * NULL is as good as false.
 */
export function subquery(scope: Scope, node: SubLink, filters: boolean): CompoundExpression {
	const { location: at, subLinkType } = node;
	const { place } = scope;
	if (!place) notYet(at, 'a subquery here', 'Compute it in a CTE and join that.');
	const made = { ...readSubquery(scope, place, node), at };
	const { rows } = made;
	switch (subLinkType) {
		case 'EXISTS_SUBLINK':
			return exists(made);
		case 'ANY_SUBLINK':
			return quantified(made, left(scope, node, made), operatorOf(node), 'ANY', filters);
		case 'ALL_SUBLINK':
			return quantified(made, left(scope, node, made), operatorOf(node), 'ALL', filters);
		case 'EXPR_SUBLINK':
			return scalar(made);
		case 'ARRAY_SUBLINK':
			return expression(made, sql`ARRAY(${selectText(rows, rows.values)})`, rows.depends, { notNull: true });
		default:
			notYet(at, `this kind of subquery (${subLinkType})`, 'Join what it reads.');
	}
}

function readSubquery(
	scope: Scope,
	place: Place,
	{ subselect, subLinkType, location }: SubLink
): Omit<Subquery, 'at'> {
	const { reading } = place;
	const select = selectOf(subselect, location);
	const alias = `q${(scope.base ?? 0) / 100 + 1}`;
	if (operationOf(select))
		return unlessUnknown<Omit<Subquery, 'at'>>(
			() => {
				const query = readSelect(standingAlone(place), select, true);
				return { reading, shape: query, rows: aloneOf(reading, query, alias), isAlone: true };
			},
			() => {
				const made = selectInPlace({ ...place, outer: scope }, select);
				return { reading, shape: shapeOf(made), rows: inPlaceOf(made, alias), isAlone: false };
			}
		);
	const read = readClauses({ ...place, outer: scope }, select, true);
	const isArray = subLinkType === 'ARRAY_SUBLINK';
	const isList = !isArray && subLinkType !== 'EXPR_SUBLINK';
	const clauses = isList ? { ...read, distinct: false } : read;
	if (!namesAround(clauses) && !isArray)
		return { reading, shape: clauses, rows: alone(place, clauses, alias), isAlone: true };
	const order = isArray && !clauses.first ? sortTerms(clauses.scope, select.sortClause ?? []) : [];
	return { reading, shape: clauses, rows: around(place, clauses, alias, order), isAlone: false };
}

function shapeOf({ columns }: InPlace): Subquery['shape'] {
	const outputs = columns.map(({ name, isText: text }) => ({ name, expression: expressionOf([], { text }) }));
	return { scope: { sources: [], merged: [] }, outputs };
}

function selectText({ from, where, tail }: InnerRows, values: readonly SqlParts[]): SqlParts {
	return sql`SELECT ${joined(values, ', ')} FROM ${from}${whereOf(where)}${tail}`;
}

function expression(
	{ at }: Pick<Subquery, 'at'>,
	parts: SqlParts,
	depends: readonly Dependence[],
	traits: { readonly text?: boolean; readonly notNull?: boolean } = {}
): CompoundExpression {
	return { ...expressionOf(parts, traits), depends, at };
}

/** `EXISTS (…)`. Where nothing connects it, only whether there is a row matters, not which. */
function exists(made: Subquery): CompoundExpression {
	const { rows, reading } = made;
	if (rows.always) return expression(made, ['true'], [], { notNull: true });
	if (!made.isAlone)
		return expression(made, sql`EXISTS (${selectText(rows, [])})`, rows.depends, { notNull: true });
	const some = counted(reading, rows.stage, [['some', sql`(${countOf([])} OPERATOR(pg_catalog.>) 0)`]]);
	return expression(made, [`(SELECT e.some FROM {@${some}} AS e)`], [wholly(some)], { notNull: true });
}

/** Every row is touched where that stage changes. */
function wholly(stage: number): Dependence {
	return { stage, alias: 'e', via: [], on: undefined };
}

/** A stage of one row with things counted of another stage. */
function counted(reading: Reading, stage: number, values: readonly (readonly [string, SqlParts])[]): number {
	const source = stageSource(reading, stage, 'rows', undefined);
	const outputs = values.map(([name, parts]) => ({
		name,
		expression: expressionOf(parts, { notNull: true })
	}));
	const aggregates = outputs.flatMap(({ expression: { parts } }) =>
		parts.flatMap((part) => (typeof part !== 'string' && part.kind === 'aggregate' ? [part] : []))
	);
	const query: Query = {
		scope: { sources: [source], merged: [] },
		conditions: [],
		outputs,
		grouping: { groups: [], sets: [[]], dependents: [], aggregates, having: undefined }
	};
	return addStage(reading, { title: 'what there is of a subquery', query, view: undefined });
}

function countOf(args: readonly Expression[]): Expression {
	const plain = { distinct: false, order: [], withinGroup: false, filter: undefined, at: undefined };
	return { kind: 'aggregate', name: 'count', args, ...plain };
}

function scalar(made: Subquery): CompoundExpression {
	const { rows, shape, at } = made;
	const [value, second] = rows.values;
	if (!value || second)
		refuse(at, 'VIEW_SUBQUERY', 'A subquery that is a value has one column.', 'Select one column in it.');
	const text = isText(shape.scope, shape.outputs[0]!.expression);
	const isCount = rows.always && isNotNull(shape.scope, shape.outputs[0]!.expression);
	return expression(made, sql`(${selectText(rows, [value])})`, rows.depends, { text, notNull: isCount });
}

/** What stands before IN or an operator: one value, or a list of them. */
function left(scope: Scope, { testexpr, location }: SubLink, { rows, shape }: Subquery): Expression[] {
	const nodes = testexpr && 'RowExpr' in testexpr ? (testexpr.RowExpr.args ?? []) : [testexpr!];
	if (nodes.length !== rows.values.length)
		refuse(
			location,
			'VIEW_SUBQUERY',
			`The subquery has ${rows.values.length} columns where ${nodes.length} ${nodes.length === 1 ? 'value is' : 'values are'} compared.`,
			'Select as many columns in it.'
		);
	return nodes.map((node, index) => {
		if (!isText(shape.scope, shape.outputs[index]!.expression)) refuseMovingMoment(node);
		return compile(scope, node);
	});
}

function operatorOf({ operName, location }: SubLink): string {
	const part = operName?.at(-1);
	const name = part && 'String' in part ? (part.String.sval ?? '') : '=';
	if (!viewOperators.has(name))
		refuse(
			location,
			'VIEW_OPERATOR',
			`The operator ${name} is not among those that a view may use.`,
			`It may use: ${[...viewOperators].join(' ')}`
		);
	return name === '!=' ? '<>' : name;
}

/** `x IN (…)`, `x = ANY (…)`, `x <> ALL (…)` and their kin. */
function quantified(
	made: Subquery,
	values: readonly Expression[],
	operator: string,
	quantifier: 'ANY' | 'ALL',
	filters: boolean
): CompoundExpression {
	const { rows } = made;
	// not an expression of its own: a row is no value that could be computed elsewhere
	const list = joined(
		values.map((value) => [value]),
		', '
	);
	const one = values.length === 1 ? list : sql`(${list})`;
	const parts = sql`(${one} OPERATOR(pg_catalog.${operator}) ${quantifier} (${selectText(rows, rows.values)}))`;
	return expression(made, parts, quantifiedDepends(made, values, operator, quantifier, filters));
}

/**
 * Membership is another for the values that came or went. As long as it only filters, or with one column, that
 * is nearly all: whether a value is in the list may also be unknown, where the list has a NULL, or where the value
 * is NULL and the list is not empty.
 */
function quantifiedDepends(
	{ rows, reading, isAlone }: Subquery,
	values: readonly Expression[],
	operator: string,
	quantifier: 'ANY' | 'ALL',
	filters: boolean
): readonly Dependence[] {
	const isMembership = quantifier === 'ANY' ? operator === '=' : operator === '<>';
	const onlyTrue = filters && quantifier === 'ANY';
	if (
		!isMembership ||
		rows.stage < 0 ||
		rows.tail.length > 0 ||
		!(onlyTrue || (isAlone && values.length === 1))
	)
		return rows.depends;
	const equal = values.map((value, index) => {
		const own = rows.values[index]!;
		return equalityOf(sql`(${value} OPERATOR(pg_catalog.=) ${own})`, own, value);
	});
	const members = rows.depends.map((one, index) =>
		index === 0 ? { ...one, on: [...(one.on ?? []), ...equal] } : one
	);
	if (onlyTrue) return members;
	const column: Expression = {
		kind: 'column',
		source: 0,
		column: columnNameOf(rows.values[0]!),
		at: undefined
	};
	const unknown = counted(reading, rows.stage, [
		['some', sql`(${countOf([])} OPERATOR(pg_catalog.>) 0)`],
		['nulls', sql`(${countOf([])} OPERATOR(pg_catalog.>) ${countOf([column])})`]
	]);
	return [...members, wholly(unknown)];
}

/** Of `q1."name"`. */
function columnNameOf(value: SqlParts): string {
	return String(value[0])
		.replace(/^q\d+\."(.*)"$/s, '$1')
		.replaceAll('""', '"');
}
