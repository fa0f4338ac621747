import { setFunctions, type FuncCall, type Node } from '#engine/sql';
import { callSource, functionRows } from './call-source.ts';
import { typeText } from './cast-type.ts';
import { compile } from './compile.ts';
import { quote, type Expression } from './expression.ts';
import { notYet, refuse } from './refusal.ts';
import type { Scope, Source } from './scope.ts';
import { joined, sql, type SqlParts } from './sql-parts.ts';

type RangeFunction = Extract<Node, { RangeFunction: unknown }>['RangeFunction'];

/** `FROM …, unnest(t.tags) AS tag`: the rows of a function of other sources. */
export function tableFunction(scope: Scope, item: RangeFunction, location: number | undefined): Source {
	const { functions = [], alias, coldeflist = [], ordinality = false } = item;
	const calls = functions.map((entry) => ('List' in entry ? entry.List.items?.[0] : undefined));
	const [call] = calls;
	const at = call && 'FuncCall' in call ? call.FuncCall.location : location;
	if (calls.length !== 1) notYet(at, 'ROWS FROM', 'Use unnest(a, b), or number the rows and join them.');
	if (!call || !('FuncCall' in call))
		notYet(at, 'this in FROM', 'Call one of PostgreSQL’s functions that give rows, such as unnest().');
	const name = nameOf(call.FuncCall);
	const source = alias?.aliasname ?? name;
	const defined = coldeflist.map((node) => definedColumn(node, at));
	const own =
		defined.length > 0 ? defined.map((column) => column.name) : columnsOf(name, call.FuncCall, source);
	const all = ordinality ? [...own, 'ordinality'] : own;
	const given = namesOf(alias?.colnames);
	if (given.length > all.length)
		refuse(
			at,
			'VIEW_COLUMN_NAME',
			`There are ${given.length} names for ${all.length} columns.`,
			'Give at most one name a column.'
		);
	const columns = all.map((column, index) => given[index] ?? column);
	const text = callText(scope, call.FuncCall, name);
	const rows =
		defined.length > 0
			? sql`ROWS FROM (${text} AS (${defined.map((column) => `${quote(column.name)} ${column.type}`).join(', ')}))`
			: text;
	return callSource(source, ordinality ? numbered(rows, columns) : functionRows(rows), columns, at);
}

/** With the number twice: for the author, and for us. */
function numbered(rows: SqlParts, columns: readonly string[]): SqlParts {
	const list = columns.map(quote).join(', ');
	return sql`LATERAL (SELECT x.*, x.${quote(columns.at(-1)!)} FROM ${rows} WITH ORDINALITY AS x(${list}))`;
}

function nameOf({ funcname = [], location }: FuncCall): string {
	const path = funcname.map((part) => ('String' in part ? (part.String.sval ?? '') : ''));
	const name = path.at(-1) ?? '';
	if (path.length === 1 || path[0] === 'pg_catalog') return name;
	return refuse(
		location,
		'VIEW_FUNCTION',
		`${path.join('.')} is not one of PostgreSQL's own functions.`,
		'A view calls built-in functions only.'
	);
}

/** One that gives one row is called as anywhere else. */
function callText(scope: Scope, call: FuncCall, name: string): SqlParts {
	if (!setFunctions.has(name)) return [compile(scope, { FuncCall: call })];
	const args = (call.args ?? []).map((arg): SqlParts => [compile(scope, arg)]);
	return sql`pg_catalog.${name}(${joined(args, ', ')})`;
}

/** What its columns are called where the author says nothing. */
function columnsOf(name: string, call: FuncCall, alias: string): string[] {
	if (/^jsonb?_each(_text)?$/.test(name)) return ['key', 'value'];
	const count = name === 'unnest' ? (call.args ?? []).length : 1;
	return Array.from({ length: Math.max(count, 1) }, (_, index) => (count > 1 && index > 0 ? name : alias));
}

function namesOf(names: readonly Node[] = []): string[] {
	return names.map((node) => ('String' in node ? (node.String.sval ?? '') : ''));
}

function definedColumn(node: Node, at: number | undefined): { name: string; type: string } {
	if (!('ColumnDef' in node)) notYet(at, 'this list of columns', 'List names with their types.');
	const { colname = '', typeName } = node.ColumnDef;
	return { name: colname, type: typeText(typeName).sql };
}

/** `(VALUES (1, 'a'), (2, 'b')) AS v(x, y)`: constants. */
export function valuesSource(
	scope: Scope,
	alias: string,
	lists: readonly Node[],
	names: readonly Node[] | undefined,
	at: number | undefined
): Source {
	const rows = lists.map((node): Expression[] => {
		const items = 'List' in node ? (node.List.items ?? []) : [];
		return items.map((item) => compile(scope, item));
	});
	const given = namesOf(names);
	const columns = (rows[0] ?? []).map((_, index) => given[index] ?? `column${index + 1}`);
	const texts = rows.map((row, index) => {
		const values = row.map((value): SqlParts => [value]);
		return sql`(${joined([...values, [`${index}`]], ', ')})`;
	});
	return callSource(alias, sql`(VALUES ${joined(texts, ', ')})`, columns, at);
}
