import { nearest } from '#kernel';
import { invalid, type Place } from '../errors.ts';
import { findCast } from '../run/cast.ts';
import { comparison, isComparison } from '../run/comparison.ts';
import { functionNames, isOperator, resolve } from '../run/resolve.ts';
import { isLike } from '../run/text.ts';
import { elementOf, isArray } from '../sql-type.ts';
import type { Expression, SqlType } from '../types.ts';
import { momentary } from '../syntax/words.ts';
import type { SyntaxOf } from '../syntax/tree.ts';
import { madeOf, unified, type Checking } from './checking.ts';
import { assertPattern, asType, mismatch, ownType, typed, typeOf, type Term } from './term.ts';

type Call = SyntaxOf<'call'>;

/** An operator or a function, with its operands. */
export function checkCall(checking: Checking, call: Call): Term {
	if (isComparison(call.name) && call.of.length === 2) return typed(call, checkComparison(checking, call));
	const terms = call.of.map((operand) => checking.term(operand));
	switch (call.name) {
		case 'coalesce':
		case 'greatest':
		case 'least':
			return typed(call, checkVariadic(checking, call, call.name, terms));
		case 'concat':
			return typed(call, checkConcat(checking, call, terms));
		case 'nullif':
			return typed(call, checkNullif(checking, call, terms));
		default:
			return typed(call, checkOperation(checking, call, terms));
	}
}

/** A comparison; COLLATE "C" at either side settles the order of text. */
export function checkComparison(checking: Checking, call: Call): Expression {
	const { source } = checking;
	const sides = call.of.map((side) => (side.kind === 'collate' ? side.of : side));
	const isCollated = call.of.some((side) => side.kind === 'collate');
	const [left, right] = sides.map((side) => checking.term(side)) as [Term, Term];
	const types = [typeOf(left), typeOf(right)];
	const found = isComparison(call.name) && comparison(call.name, types);
	if (!found) {
		const isOrder = comparison('=', types) !== undefined;
		if (!isOrder) throw mismatch(source, left, right);
		throw invalid(source, call.at, `${call.name} has no meaning for arrays.`);
	}
	const type = types[0] ?? types[1] ?? (ownType(left) === 'uuid' ? 'uuid' : ownType(right));
	checkOrder(checking, call.name, call.at, [types[0] ?? type, types[1] ?? type], isCollated);
	const of = [asType(source, left, type), asType(source, right, type)].map((side) =>
		isCollated && elementOf(side.type) === 'text'
			? ({ op: 'collate', type: 'text', of: side } as const)
			: side
	);
	return { op: 'call', type: 'boolean', name: call.name, of };
}

/** Text is ordered by the collation of the database, which only the database has. */
export function checkOrder(
	checking: Checking,
	operator: string,
	at: Place,
	[left, right]: readonly [SqlType, SqlType],
	isCollated: boolean
): void {
	const { source } = checking;
	if (!resolve(operator, [left, right]) || resolve(operator, [left, right])!.gives !== 'boolean') {
		throw invalid(source, at, `There is no ${operator} for ${left} and ${right}.`);
	}
	if (!isComparison(operator) || operator === '=' || operator === '<>' || isCollated) return;
	const isText = [left, right].some((type) => ['text', 'character'].includes(elementOf(type)));
	if (!isText) return;
	if (checking.databaseOrder) {
		checking.usesDatabaseOrder = true;
		return;
	}
	const message = `${operator} on text depends on the database's collation.`;
	throw invalid(source, at, message, 'Write COLLATE "C" after a side of it.');
}

function checkOperation(checking: Checking, call: Call, terms: readonly Term[]): Expression {
	const { source } = checking;
	if (isLike(call.name) && terms[1]) assertPattern(source, terms[1]);
	const found = resolve(call.name, terms.map(typeOf)) ?? resolve(call.name, terms.map(typeWithin(call.name)));
	if (!found) throw unresolved(checking, call, terms);
	const of = terms.map((term, i) => asType(source, term, found.takes[i]!));
	return { op: 'call', type: found.gives, name: call.name, of };
}

/** An open value that nothing beside it gives a type: its own. */
function typeWithin(name: string): (term: Term) => SqlType | undefined {
	return (term) => typeOf(term) ?? (name === '||' || isLike(name) ? 'text' : undefined);
}

function unresolved({ source }: Checking, call: Call, terms: readonly Term[]) {
	const types = terms.map((term) => typeOf(term) ?? 'a value without a type').join(', ');
	if (momentary.has(call.name)) {
		const hint = 'A filter holds for a row whenever it is asked. Pass the time as a parameter.';
		return invalid(source, call.at, `There is no function ${call.name}() in a filter.`, hint);
	}
	if (isOperator(call.name)) return noOperator(source, call, terms, types);
	if (!functionNames.includes(call.name)) {
		const near = nearest(call.name, functionNames);
		const hint = near ? `Did you mean ${near}()?` : `It knows ${functionNames.join(', ')}.`;
		return invalid(source, call.at, `There is no function ${call.name}() in a filter.`, hint);
	}
	return invalid(source, call.at, `${call.name}() does not take ${types === '' ? 'nothing' : types}.`);
}

function noOperator(source: string, call: Call, terms: readonly Term[], types: string) {
	if (isLike(call.name)) {
		const other = terms.find((term) => typeOf(term) !== undefined && typeOf(term) !== 'text') ?? terms[0]!;
		return invalid(source, other, `LIKE works on text only, not on ${ownType(other)}.`);
	}
	const foreign: Readonly<Record<string, string>> = {
		'~': 'Write LIKE.',
		'~*': 'Write ILIKE.',
		'!~': 'Write NOT LIKE.',
		'!~*': 'Write NOT ILIKE.',
		'->': 'Select the value in a view.',
		'->>': 'Select the value in a view.',
		'^': 'Multiply.'
	};
	const hint = Object.hasOwn(foreign, call.name)
		? foreign[call.name]
		: 'Cast its operands, if they have another type.';
	return invalid(source, call.at, `There is no ${call.name} for ${types} in a filter.`, hint);
}

function checkVariadic(
	checking: Checking,
	call: Call,
	op: 'coalesce' | 'greatest' | 'least',
	terms: readonly Term[]
): Expression {
	const { source } = checking;
	if (terms.length === 0) throw invalid(source, call.at, `${op}() takes at least one value.`);
	const type = unified(source, terms);
	const isOrdered = !isArray(type) && type !== 'text' && type !== 'character';
	if (op !== 'coalesce' && !isOrdered) {
		throw invalid(source, call.at, `${op}() does not take ${type}: its order depends on the database.`);
	}
	return { op, type, of: terms.map((term) => madeOf(source, term, type)) };
}

/** What is no text is written as one, as far as that is the same everywhere. */
function checkConcat(checking: Checking, call: Call, terms: readonly Term[]): Expression {
	const { source } = checking;
	const of = terms.map((term): Expression => {
		const type = ownType(term);
		if (type === 'text' || term.kind === 'open') return asType(source, term, 'text');
		// concat() prints a boolean as a row does, not as a cast to text.
		if (type !== 'boolean' && findCast(type, 'text')) return madeOf(source, term, 'text');
		throw invalid(source, term, `concat() does not take ${type}.`, 'Cast it to text, if that is possible.');
	});
	return { op: 'concat', type: 'text', of };
}

function checkNullif(checking: Checking, call: Call, terms: readonly Term[]): Expression {
	const { source } = checking;
	const [left, right] = terms;
	if (!left || !right || terms.length !== 2) throw invalid(source, call.at, 'nullif() takes two values.');
	const found = comparison('=', [typeOf(left), typeOf(right)]);
	if (!found) throw mismatch(source, left, right);
	const [type, other] = found.takes as [SqlType, SqlType];
	return { op: 'nullif', type, left: madeOf(source, left, type), right: asType(source, right, other) };
}
