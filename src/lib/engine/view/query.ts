import type { Node, ParsedSql, RangeVar, SelectStmt } from '#engine/sql';
import { columnOf, type CatalogTable } from './catalog.ts';
import { compile } from './compile.ts';
import { leaves, type Expression } from './expression.ts';
import { grouping, type Grouping } from './grouping.ts';
import { notYet, refuse } from './refusal.ts';
import { resolveColumn, type MergedColumn, type Scope, type Source } from './scope.ts';

/** One SELECT with all names resolved: inner joins flattened into sources and conditions. */
export interface Query {
	readonly scope: Scope;
	/** Of ON, USING and WHERE, all joined by AND. */
	readonly conditions: readonly Expression[];
	readonly outputs: readonly Output[];
	/** Where there is GROUP BY or an aggregate. */
	readonly grouping: Grouping | undefined;
}

export interface Output {
	readonly name: string;
	readonly expression: Expression;
}

/** Throws a Refusal for everything that views do not keep. */
export function readQuery(parsed: ParsedSql, tables: readonly CatalogTable[]): Query {
	const select = onlySelect(parsed);
	refuseClauses(parsed, select);
	const from = readFrom(select.fromClause ?? [], tables, parsed);
	const where = select.whereClause ? conjuncts(from.scope, select.whereClause) : [];
	const conditions = [...from.conditions, ...where];
	for (const leaf of conditions.flatMap((condition) => [...leaves(condition)])) {
		if (leaf.kind !== 'aggregate') continue;
		refuse(
			leaf.at,
			'VIEW_AGGREGATE',
			'An aggregate cannot stand in WHERE or ON.',
			'Filter groups with HAVING.'
		);
	}
	const outputs = readOutputs(from.scope, select.targetList ?? [], parsed);
	return { scope: from.scope, conditions, outputs, grouping: grouping(from.scope, select, outputs) };
}

function onlySelect(parsed: ParsedSql): SelectStmt {
	const [first, second] = parsed.statements;
	if (second)
		refuse(
			second.stmt_location,
			'VIEW_ONE_STATEMENT',
			'A view is one SELECT; there is a second statement here.',
			'Put it into a file of its own.'
		);
	const statement = first?.stmt;
	if (!statement || !('SelectStmt' in statement)) {
		refuse(
			first?.stmt_location,
			'VIEW_NOT_SELECT',
			'A view is one SELECT.',
			'Begin the file with SELECT; tables are changed in migrations/ and logic/.'
		);
	}
	return statement.SelectStmt;
}

function refuseClauses(parsed: ParsedSql, select: SelectStmt): void {
	const at = (word: string) => bytesAt(parsed, word);
	if (select.withClause)
		notYet(at('WITH'), 'WITH (common table expressions)', 'Make the inner SELECT a part of this one.');
	if (select.op !== undefined && select.op !== 'SETOP_NONE') {
		const word = select.op.replace('SETOP_', '');
		notYet(at(word), word, 'Make one view for each SELECT.');
	}
	if (select.valuesLists) notYet(at('VALUES'), 'VALUES', 'Put the rows into a table.');
	if (select.intoClause)
		refuse(
			at('INTO'),
			'VIEW_NOT_SELECT',
			'A view does not write: INTO cannot stand here.',
			'Leave INTO out.'
		);
	if (select.distinctClause) notYet(at('DISTINCT'), 'DISTINCT', 'Write GROUP BY over the same columns.');
	if (select.windowClause) notYet(at('WINDOW'), 'window functions', 'Group with GROUP BY.');
	if (select.sortClause)
		notYet(at('ORDER'), 'ORDER BY', 'Give the order where the view is read: "order" of a page\'s binding.');
	if (select.limitCount || select.limitOffset) {
		notYet(
			at('LIMIT') ?? at('FETCH') ?? at('OFFSET'),
			'LIMIT or OFFSET',
			'Give the limit where the view is read: "limit" of a page\'s binding.'
		);
	}
	if (select.lockingClause)
		refuse(at('FOR'), 'VIEW_NOT_SELECT', 'A view locks nothing.', 'Leave FOR UPDATE or FOR SHARE out.');
	if (!select.fromClause)
		refuse(
			at('SELECT'),
			'VIEW_NO_TABLE',
			'This SELECT reads no table.',
			"Add FROM with one of the module's tables."
		);
}

/** Location (in bytes, as the tree counts) of a keyword's first appearance. */
function bytesAt(parsed: ParsedSql, word: string): number | undefined {
	const offset = parsed.keyword(word);
	return offset === undefined ? undefined : new TextEncoder().encode(parsed.text.slice(0, offset)).length;
}

interface From {
	readonly scope: { readonly sources: Source[]; readonly merged: MergedColumn[] };
	readonly conditions: Expression[];
}

function readFrom(items: readonly Node[], tables: readonly CatalogTable[], parsed: ParsedSql): From {
	const from: From = { scope: { sources: [], merged: [] }, conditions: [] };
	for (const item of items) addItem(from, item, tables, parsed);
	if (from.scope.sources.length > maximumSources) {
		notYet(from.scope.sources[maximumSources]!.at, `more than ${maximumSources} tables`, 'Make two views.');
	}
	return from;
}

const maximumSources = 8;

/** Adds one item of FROM; returns the indexes of the sources that it brought. */
function addItem(from: From, item: Node, tables: readonly CatalogTable[], parsed: ParsedSql): number[] {
	if ('RangeVar' in item) return [addTable(from, item.RangeVar, tables)];
	if ('JoinExpr' in item) return addJoin(from, item.JoinExpr, tables, parsed);
	const at = bytesAt(parsed, 'FROM');
	if ('RangeSubselect' in item) notYet(at, 'a subquery in FROM', 'Join the tables directly.');
	if ('RangeFunction' in item) notYet(at, 'a function in FROM', 'Keep the rows in a table and join it.');
	if ('RangeTableSample' in item) notYet(item.RangeTableSample.location, 'TABLESAMPLE', 'Filter with WHERE.');
	notYet(at, 'this in FROM', 'Name tables of the module.');
}

function addTable(from: From, range: RangeVar, tables: readonly CatalogTable[]): number {
	const at = range.location;
	const name = range.relname ?? '';
	if (range.catalogname || range.schemaname) {
		refuse(
			at,
			'VIEW_QUALIFIED_NAME',
			`"${range.schemaname}.${name}" names a schema.`,
			`Write ${name}; a module sees its own tables only.`
		);
	}
	if (!range.inh) notYet(at, 'ONLY', "Write the table's name alone.");
	if (range.alias?.colnames)
		notYet(at, 'renamed columns of a table', 'Rename columns in the list of SELECT, with AS.');
	const table = tables.find((candidate) => candidate.name === name);
	if (!table)
		refuse(
			at,
			'VIEW_UNKNOWN_TABLE',
			`There is no table "${name}" in this module.`,
			`There are: ${tables
				.map((t) => t.name)
				.sort()
				.join(', ')}.`
		);
	if (table.key.length === 0)
		refuse(
			at,
			'VIEW_NO_KEY',
			`"${name}" has no primary key.`,
			'Give the message a key field; a view must tell rows apart.'
		);
	const alias = range.alias?.aliasname ?? name;
	if (from.scope.sources.some((source) => source.alias === alias)) {
		refuse(
			at,
			'VIEW_DUPLICATE_TABLE',
			`"${alias}" stands twice in FROM.`,
			`Give one of them another name: ${name} AS other.`
		);
	}
	return from.scope.sources.push({ alias, table, at }) - 1;
}

type Join = Extract<Node, { JoinExpr: unknown }>['JoinExpr'];

const outerJoins: Readonly<Record<string, string>> = {
	JOIN_LEFT: 'LEFT JOIN',
	JOIN_RIGHT: 'RIGHT JOIN',
	JOIN_FULL: 'FULL JOIN'
};

function addJoin(from: From, join: Join, tables: readonly CatalogTable[], parsed: ParsedSql): number[] {
	const outer = outerJoins[join.jointype ?? ''];
	if (outer)
		notYet(
			bytesAt(parsed, outer.split(' ')[0]!),
			outer,
			'Use an inner JOIN, or two views: one of the rows that have a partner, one of all rows.'
		);
	if (join.isNatural)
		notYet(bytesAt(parsed, 'NATURAL'), 'NATURAL JOIN', 'Name the columns: JOIN … USING (column).');
	if (join.alias || join.join_using_alias)
		notYet(bytesAt(parsed, 'JOIN'), 'an alias of a whole join', 'Give each table its own alias.');
	const left = addItem(from, join.larg!, tables, parsed);
	const right = addItem(from, join.rarg!, tables, parsed);
	for (const column of join.usingClause ?? []) {
		if ('String' in column)
			mergeColumn(from, column.String.sval ?? '', left, right, bytesAt(parsed, 'USING'));
	}
	if (join.quals) from.conditions.push(...conjuncts(from.scope, join.quals));
	return [...left, ...right];
}

function mergeColumn(
	from: From,
	name: string,
	left: readonly number[],
	right: readonly number[],
	at: number | undefined
): void {
	const side = (indexes: readonly number[]): MergedColumn => {
		const merged = from.scope.merged.find(
			(column) => column.name === name && column.sources.every((index) => indexes.includes(index))
		);
		if (merged) return merged;
		const holders = indexes.filter((index) => columnOf(from.scope.sources[index]!.table, name));
		if (holders.length !== 1) {
			const what =
				holders.length === 0 ? 'not a column of both sides' : 'a column of several tables of one side';
			refuse(
				at,
				'VIEW_USING',
				`"${name}" is ${what} of the join.`,
				'Write JOIN … ON with both columns by table.column.'
			);
		}
		return { name, sources: holders };
	};
	const [one, other] = [side(left), side(right)];
	const column = (source: number): Expression => ({ kind: 'column', source, column: name, at });
	const equal = [column(one.sources[0]!), column(other.sources[0]!)] as const;
	const parts = ['(', equal[0], ' OPERATOR(pg_catalog.=) ', equal[1], ')'];
	from.conditions.push({ kind: 'compound', parts, equal, text: false, notNull: false, at });
	const kept = from.scope.merged.filter((merged) => merged !== one && merged !== other);
	from.scope.merged.splice(0, from.scope.merged.length, ...kept, {
		name,
		sources: [...one.sources, ...other.sources]
	});
}

/** The terms of an AND, each compiled. */
function conjuncts(scope: Scope, node: Node): Expression[] {
	if ('BoolExpr' in node && node.BoolExpr.boolop === 'AND_EXPR') {
		return (node.BoolExpr.args ?? []).flatMap((arg) => conjuncts(scope, arg));
	}
	return [compile(scope, node)];
}

const plainName = /^[a-z][a-z0-9_]{0,58}$/;

function readOutputs(scope: Scope, targets: readonly Node[], parsed: ParsedSql): Output[] {
	const outputs: Output[] = [];
	for (const target of targets) {
		if (!('ResTarget' in target)) continue;
		const { val, name, location } = target.ResTarget;
		const star = val && starOf(val);
		const added = star ? expandStar(scope, star, location) : [readOutput(scope, val, name, location)];
		for (const output of added) {
			checkName(output.name, location, outputs);
			outputs.push(output);
		}
	}
	if (outputs.length === 0)
		refuse(bytesAt(parsed, 'SELECT'), 'VIEW_NO_COLUMN', 'This SELECT has no columns.', 'List at least one.');
	return outputs;
}

/** `*` is [], `t.*` is ['t']. */
function starOf(node: Node): string[] | undefined {
	if (!('ColumnRef' in node)) return undefined;
	const fields = node.ColumnRef.fields ?? [];
	if (!fields.some((field) => 'A_Star' in field)) return undefined;
	return fields.flatMap((field) => ('String' in field ? [field.String.sval ?? ''] : []));
}

function expandStar(scope: Scope, path: readonly string[], at: number | undefined): Output[] {
	const [alias, more] = path;
	if (more !== undefined)
		refuse(at, 'VIEW_QUALIFIED_NAME', `"${path.join('.')}.*" names a schema.`, 'Write table.*.');
	if (alias === undefined) return everyColumn(scope, at);
	const source = scope.sources.findIndex((candidate) => candidate.alias === alias);
	if (source < 0) resolveColumn(scope, [alias, '*'], at);
	return scope.sources[source]!.table.columns.map(({ name }) => ({
		name,
		expression: { kind: 'column', source, column: name, at }
	}));
}

/** As the standard says: the columns of USING first and once, then the rest in order of FROM. */
function everyColumn(scope: Scope, at: number | undefined): Output[] {
	const merged = scope.merged.map(({ name, sources }): Output => ({
		name,
		expression: { kind: 'column', source: sources[0]!, column: name, at }
	}));
	const rest = scope.sources.flatMap(({ table }, source) =>
		table.columns
			.filter(
				({ name }) => !scope.merged.some((column) => column.name === name && column.sources.includes(source))
			)
			.map(({ name }): Output => ({ name, expression: { kind: 'column', source, column: name, at } }))
	);
	return [...merged, ...rest];
}

function readOutput(
	scope: Scope,
	node: Node | undefined,
	name: string | undefined,
	at: number | undefined
): Output {
	const expression = compile(scope, node);
	if (name !== undefined) return { name, expression };
	if (expression.kind === 'column') return { name: expression.column, expression };
	refuse(at, 'VIEW_COLUMN_NAME', 'This column has no name.', 'Give it one: … AS name.');
}

function checkName(name: string, at: number | undefined, before: readonly Output[]): void {
	if (!plainName.test(name)) {
		refuse(
			at,
			'VIEW_COLUMN_NAME',
			`"${name}" cannot be a column's name.`,
			'Use small letters, digits and _, beginning with a letter: … AS open_count.'
		);
	}
	if (before.some((output) => output.name === name)) {
		refuse(
			at,
			'VIEW_DUPLICATE_COLUMN',
			`There are two columns "${name}".`,
			`Name one of them differently: … AS other_${name}.`
		);
	}
}
